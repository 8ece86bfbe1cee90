"""Roll up what the tasks would roll up, now and with progress."""

import time
from argparse import ArgumentParser
from datetime import date, timedelta

from django.core.management.base import BaseCommand, CommandError

from apps.observations.counting import months, recency, sensormonths
from apps.observations.counting.rerolls import reroll_days
from apps.observations.counting.rollup import DayResult, roll_day
from apps.observations.counting.staleness import stale_days


class Command(BaseCommand):
    help = (
        "Roll up stale days into segments and counts, newest first, close the months that are over, and note when sources were seen before."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--day", type=date.fromisoformat, help="only this reporting day, YYYY-MM-DD")
        what.add_argument("--all-stale", action="store_true", help="every stale day (the default)")
        what.add_argument("--rebuild", action="store_true", help="roll the days of --from and --to again although nothing changed")
        parser.add_argument("--from", dest="first", type=date.fromisoformat, help="first reporting day to rebuild")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, help="last reporting day to rebuild, included")

    def handle(self, *args: object, **options: object) -> None:
        day, first, last = (options[name] for name in ("day", "first", "last"))
        if options["rebuild"] != bool(first or last):
            raise CommandError("--rebuild needs --from and --to, and they need it.")
        if isinstance(day, date):
            self._roll([day])
            return
        if options["rebuild"]:
            if not (isinstance(first, date) and isinstance(last, date) and first <= last):
                raise CommandError("Give --from and --to, in this order.")
            count = reroll_days(first=first, last_exclusive=last + timedelta(days=1))
            self.stdout.write(f"{count} sensor-days to rebuild")
        self._roll([stale.day for stale in stale_days()])
        for month in months.months_to_close():
            self.stdout.write(f"{month:%Y-%m}: {months.close_month(month):,} count rows")
        sensormonths.keep()
        for built in recency.build():
            self.stdout.write(f"{built.first} to {built.last}: {built.rows:,} recency rows")

    def _roll(self, days: list[date]) -> None:
        for number, day in enumerate(days, 1):
            start = time.monotonic()
            result = roll_day(day)
            self.stdout.write(f"[{number}/{len(days)}] {_told(result)}, {time.monotonic() - start:.1f} s")
        if not days:
            self.stdout.write("Nothing is stale.")


def _told(result: DayResult) -> str:
    if not result.sensors:
        return f"{result.day}: nothing is stale"
    return f"{result.day}: {result.sensors} sensors, {result.flows:,} segment rows, {result.count_rows:,} count rows"
