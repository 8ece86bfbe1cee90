"""Rows of totals and regions know, too, how many sources of each sensor they count first (`sensor_sources`).

Counts are made anew from flows and segments, as after 0005; until then days are shown as missing, not as zero.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("observations", "0005_small_cells")]

    operations = [
        migrations.RunSQL(
            "TRUNCATE observations_networkcount; TRUNCATE observations_sensorcount; TRUNCATE observations_smallcells;"
            " DELETE FROM observations_coverage; DELETE FROM observations_fill",
            migrations.RunSQL.noop,
        ),
    ]
