"""Marks repeat the version of their fill, and months have a stamp of their rollups (docs/decisions/058)."""

from django.db import migrations, models

_FILL = """
UPDATE observations_mark AS mark SET rolled_version = fill.rolled_version
FROM observations_fill AS fill WHERE fill.sensor_id = mark.sensor_id AND fill.day = mark.day;
INSERT INTO observations_monthstamp (month, stamp)
SELECT DISTINCT date_trunc('month', day)::date, gen_random_uuid() FROM (SELECT DISTINCT day FROM observations_fill) AS rolled
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("observations", "0008_tallies_and_hours")]

    operations = [
        migrations.CreateModel(
            name="MonthStamp",
            fields=[("month", models.DateField(primary_key=True, serialize=False)), ("stamp", models.UUIDField())],
        ),
        migrations.AddField("mark", "rolled_version", models.BigIntegerField(default=0, db_default=0)),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.AddIndex("fill", models.Index(fields=["sensor", "rolled_at"], name="fill_newest")),
    ]
