"""Load RIR delegations; the days whose regions they decide are rolled up again."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from apps.common.errors import DomainError
from apps.observations.counting.rerolls import load_and_reroll
from apps.reference.services import LoadedFile, LoadResult, load_delegations, load_shipped_delegations

SHOWN_MOVES = 10


class Command(BaseCommand):
    help = "Load delegated or delegated-extended files of one day, one per registry, plain or packed (xz, gzip)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path)
        parser.add_argument("--date", type=_day, help="the day of the snapshot, YYYY-MM-DD")
        parser.add_argument("--shipped", action="store_true", help="load the sample snapshot that comes with the portal")

    def handle(self, *args: object, files: list[Path], shipped: bool, **options: object) -> None:
        day = options["date"]
        if shipped and (files or day):
            raise CommandError("--shipped brings its own files and date.")
        if not shipped and not (files and isinstance(day, date)):
            raise CommandError("Give the files of one day and --date YYYY-MM-DD, or --shipped.")
        try:
            result, rerolled = load_and_reroll(
                lambda: load_delegations(paths=files, day=day) if isinstance(day, date) else load_shipped_delegations()
            )
        except (DomainError, OSError) as error:
            raise CommandError(str(error)) from error
        self._report(result, rerolled)

    def _report(self, result: LoadResult, rerolled: int) -> None:
        for loaded in result.files:
            self.stdout.write(f"{loaded.file.registry.label} {result.day}: {_what_changed(loaded)}")
            for warning in loaded.warnings:
                self.stderr.write(f"  {loaded.file.name}: {warning}")
        for move in result.moves[:SHOWN_MOVES]:
            self.stdout.write(f"  {move.old} → {move.new}: {move.ipv4:,} IPv4 addresses, {move.ipv6:,} IPv6 /64")
        if len(result.moves) > SHOWN_MOVES:
            self.stdout.write(f"  and {len(result.moves) - SHOWN_MOVES} more pairs of regions")
        self.stdout.write(f"{rerolled} sensor-days will be rolled up again.")


def _what_changed(loaded: LoadedFile) -> str:
    if loaded.difference is None:
        return f"{loaded.file.rows.num_rows:,} delegations, as loaded before"
    difference = loaded.difference
    return (
        f"{loaded.file.rows.num_rows:,} delegations, {difference.added:,} new and {difference.removed:,} gone since the snapshot in force"
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)
