"""Load a dated list of survey scanners; the days around its date are rolled up again."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, no_translations

from apps.common.errors import DomainError
from apps.observations.counting.rerolls import load_scanners_and_reroll
from apps.reference import scanner_files
from apps.reference.scanner_files import Format


class Command(BaseCommand):
    help = "Load a list of survey scanners (NICT, maltrail, MISP warning list, or one address or prefix a line; plain, xz or gzip)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=[form.value for form in Format], required=True)
        parser.add_argument("--name", required=True, help="what captions call the list; the same name and date again replaces it")
        parser.add_argument("--date", type=date.fromisoformat, required=True, help="the day the list is of; it holds for 30 days around it")
        parser.add_argument("--skip-bad", action="store_true", help="leave out rows that are no address, naming them")

    @no_translations
    def handle(self, *args: object, **options: object) -> None:
        file, day = options["file"], options["date"]
        assert isinstance(file, Path) and isinstance(day, date)
        try:
            read = scanner_files.read(file, Format(str(options["format"])), skips_bad=bool(options["skip_bad"]))
            stored, rerolled = load_scanners_and_reroll(name=str(options["name"]), day=day, ranges=read.ranges)
        except DomainError as error:
            raise CommandError(error.message) from error
        for problem in read.problems:
            self.stderr.write(f"  left out {problem}")
        as_before = "" if stored.is_changed else ", as loaded before"
        self.stdout.write(f"{stored.list}: {stored.ranges:,} ranges{as_before}. {rerolled} sensor-days will be rolled up again.")
