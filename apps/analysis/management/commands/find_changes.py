"""Search for notable changes, now or over a past span."""

import time
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.analysis.changes import runs
from apps.analysis.changes.keeping import Kept


class Command(BaseCommand):
    help = "Search for notable changes as of the newest full day, or over a past span week by week."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=date.fromisoformat, help="first reporting day of a past span, YYYY-MM-DD")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, help="last reporting day of the span, included")
        parser.add_argument("--sensors", choices=runs.SETS, default="all", help="the set of sensors")

    def handle(self, *args: object, **options: Any) -> None:
        first, last, sensors = (options[name] for name in ("first", "last", "sensors"))
        if bool(first) != bool(last) or (first and first > last):
            raise CommandError("Give --from and --to, in this order.")
        if not first:
            kept = runs.search_if_due(sensors)
            self.stdout.write(f"Newest full day: {_told(kept)}." if kept else "Nothing was counted since the last search.")
            return
        started = time.monotonic()
        for day, kept in runs.search_span(sensors, first, last):
            self.stdout.write(f"{day}: {_told(kept)}, {time.monotonic() - started:.1f} s")
            started = time.monotonic()


def _told(kept: Kept) -> str:
    return f"{kept.added} new, {kept.updated} found again, {kept.removed} gone"
