"""Load tables of routes, from which AS numbers and prefixes of addresses come."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, no_translations

from apps.common.errors import DomainError
from apps.reference.services import LoadedRoutes, load_routes


class Command(BaseCommand):
    help = "Load prefix2as or pyasn files of one day, IPv4 and IPv6 in one file or in one each, plain or packed (xz, gzip)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument("--date", type=date.fromisoformat, required=True, help="the day of the tables, YYYY-MM-DD")

    @no_translations
    def handle(self, *args: object, files: list[Path], **options: object) -> None:
        day = options["date"]
        assert isinstance(day, date)
        try:
            loaded = load_routes(paths=files, day=day)
        except (DomainError, OSError) as error:
            raise CommandError(str(error)) from error
        for one in loaded:
            self.stdout.write(f"{one.family.label} {day}: {one.prefixes:,} prefixes, {_what_changed(one)}")
        for file in dict.fromkeys(one.file.name for one in loaded):
            for warning in next(one.file.warnings for one in loaded if one.file.name == file):
                self.stderr.write(f"  {file}: {warning}")


def _what_changed(loaded: LoadedRoutes) -> str:
    if loaded.difference is None:
        return "as loaded before"
    return f"{loaded.difference.added:,} new and {loaded.difference.removed:,} gone since the snapshot in force"
