"""Months get tallies of regions with ports (docs/decisions/055): their rows are deleted, and `close_months` makes them anew from
segments.

Until then months are read from their days. Recencies are made of days, so they stay right. The lock waits for a month that is being
closed, so that all its rows go.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("observations", "0012_bodies_of_sensor_months")]

    operations = [
        migrations.RunSQL(
            "LOCK TABLE observations_networkcount, observations_sensorcount, observations_smallcells, observations_tally;"
            " DELETE FROM observations_networkcount WHERE grain = 3; DELETE FROM observations_sensorcount WHERE grain = 3;"
            " DELETE FROM observations_smallcells WHERE grain = 3; DELETE FROM observations_tally WHERE grain = 3",
            migrations.RunSQL.noop,
        )
    ]
