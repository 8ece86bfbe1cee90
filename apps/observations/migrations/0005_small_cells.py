"""Cells too small to be rows of ports and of port × region have a table of their own (docs/decisions/054).

Counts are made anew from flows and segments. Until rollup has done so, days have no coverage either and are shown as missing,
not as zero.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("observations", "0004_segment_flows")]

    operations = [
        migrations.RunSQL(
            "TRUNCATE observations_networkcount; TRUNCATE observations_sensorcount;"
            " DELETE FROM observations_coverage; DELETE FROM observations_fill",
            migrations.RunSQL.noop,
        ),
        migrations.AddField("networkcount", "sensor_sources", models.PositiveIntegerField(default=0)),
        migrations.CreateModel(
            name="SmallCells",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "panel", "grain", "axis", "bucket", "block", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("panel", models.PositiveSmallIntegerField()),
                ("grain", models.PositiveSmallIntegerField()),
                ("axis", models.PositiveSmallIntegerField()),
                ("bucket", models.DateTimeField()),
                ("block", models.PositiveIntegerField()),
                ("cells", models.BinaryField()),
                ("members", models.BinaryField()),
            ],
        ),
        # The bodies are compressed already.
        migrations.RunSQL(
            "ALTER TABLE observations_smallcells ALTER cells SET STORAGE EXTERNAL, ALTER members SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
    ]
