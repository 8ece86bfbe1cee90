"""Count rows are known by their cell: one key, no number of their own (docs/decisions/044).

The tables are made anew, because a primary key cannot be altered into a composite one. Whatever they held is rolled up
again from the flows.
"""

import django.db.models.deletion
from django.db import migrations, models

CELL = ("grain", "slice", "bucket", "protocol", "port", "region", "signature")


def _columns():
    return [
        ("grain", models.PositiveSmallIntegerField()),
        ("slice", models.PositiveSmallIntegerField()),
        ("bucket", models.DateTimeField()),
        ("protocol", models.PositiveSmallIntegerField(default=0)),
        ("port", models.PositiveIntegerField(default=0)),
        ("region", models.PositiveSmallIntegerField(default=0)),
        ("signature", models.PositiveSmallIntegerField()),
        ("packets", models.BigIntegerField()),
        ("sources", models.PositiveIntegerField()),
        ("source_set", models.BinaryField(null=True)),
    ]


def _key(owner):
    return ("pk", models.CompositePrimaryKey(owner, *CELL, blank=True, editable=False, primary_key=True, serialize=False))


class Migration(migrations.Migration):
    dependencies = [("observations", "0002_flows"), ("sensors", "0001_initial")]

    operations = [
        migrations.DeleteModel("SensorCount"),
        migrations.DeleteModel("NetworkCount"),
        migrations.RunSQL("DELETE FROM observations_fill", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="SensorCount",
            fields=[
                *_columns(),
                _key("sensor_id"),
                ("sensor", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="sensors.sensor")),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="NetworkCount",
            fields=[
                *_columns(),
                _key("panel"),
                ("panel", models.PositiveSmallIntegerField()),
                ("sensors", models.PositiveSmallIntegerField()),
                ("largest_sensor_packets", models.BigIntegerField()),
                ("by_sensor", models.BinaryField()),
            ],
            options={"abstract": False},
        ),
    ]
