"""An index of its own migration: PostgreSQL makes none in the transaction that has updated the table's rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("observations", "0009_waiting_marks_and_month_stamps")]

    operations = [
        migrations.AddIndex(
            "mark",
            models.Index(fields=["sensor", "day"], condition=models.Q(("version__gt", models.F("rolled_version"))), name="mark_waiting"),
        ),
    ]
