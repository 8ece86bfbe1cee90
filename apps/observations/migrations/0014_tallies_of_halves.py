"""The halves of a network get tallies and recencies of their own (docs/decisions/065).

Counts are made anew from flows and segments, as after 0008; until then days are shown as missing, not as zero.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("observations", "0013_ports_of_a_region")]

    operations = [
        migrations.RunSQL(
            "TRUNCATE observations_networkcount, observations_sensorcount, observations_smallcells, observations_tally,"
            " observations_networkhours, observations_sensorhours, observations_recency, observations_lastseen,"
            " observations_coverage, observations_fill, observations_monthstamp;"
            " UPDATE observations_mark SET rolled_version = 0, raised_at = now()",
            migrations.RunSQL.noop,
        )
    ]
