"""Hours are kept in one body a day instead of rows, networks have tallies, and records of contributing sensors are shorter
(docs/decisions/057).

Counts are made anew from flows and segments, as after 0005; until then days are shown as missing, not as zero.
"""

import django.db.models.deletion
from django.db import migrations, models


def _key(*names):
    return ("pk", models.CompositePrimaryKey(*names, blank=True, editable=False, primary_key=True, serialize=False))


class Migration(migrations.Migration):
    dependencies = [("observations", "0007_computations"), ("sensors", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "TRUNCATE observations_networkcount; TRUNCATE observations_sensorcount; TRUNCATE observations_smallcells;"
            " DELETE FROM observations_coverage; DELETE FROM observations_fill",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField("networkcount", "source_set", models.BinaryField()),
        migrations.AlterField("sensorcount", "source_set", models.BinaryField()),
        migrations.CreateModel(
            name="NetworkHours",
            fields=[
                _key("panel", "slice", "bucket"),
                ("panel", models.PositiveSmallIntegerField()),
                ("slice", models.PositiveSmallIntegerField()),
                ("bucket", models.DateTimeField()),
                ("body", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                _key("network", "grain", "axis", "bucket", "block"),
                ("network", models.PositiveSmallIntegerField()),
                ("grain", models.PositiveSmallIntegerField()),
                ("axis", models.PositiveSmallIntegerField()),
                ("bucket", models.DateTimeField()),
                ("block", models.PositiveIntegerField(default=0)),
                ("body", models.BinaryField()),
                ("source_set", models.BinaryField(default=b"")),
            ],
        ),
        migrations.CreateModel(
            name="SensorHours",
            fields=[
                _key("sensor_id", "bucket"),
                ("bucket", models.DateTimeField()),
                ("body", models.BinaryField()),
                (
                    "sensor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="sensors.sensor"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            "networkcount",
            models.Index(
                fields=["panel", "grain", "region", "bucket"], condition=models.Q(("slice", 4)), name="networkcount_of_region"
            ),
        ),
        # The bodies are compressed already.
        migrations.RunSQL(
            "ALTER TABLE observations_tally ALTER body SET STORAGE EXTERNAL, ALTER source_set SET STORAGE EXTERNAL;"
            " ALTER TABLE observations_networkhours ALTER body SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
    ]
