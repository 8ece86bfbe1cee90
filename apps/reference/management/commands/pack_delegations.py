"""Make the compact snapshot that the repository ships (apps/reference/data/delegations.parquet)."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand

from apps.reference import delegation_files, shipped


class Command(BaseCommand):
    help = "Pack RIR delegated files of one day into one compact file for load_delegations --shipped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument("--date", type=date.fromisoformat, required=True)
        parser.add_argument("--output", type=Path, default=shipped.SNAPSHOT)

    def handle(self, *args: object, files: list[Path], output: Path, **options: object) -> None:
        day = options["date"]
        assert isinstance(day, date)
        read = [delegation_files.read(path) for path in files]
        shipped.pack(read, day, output)
        self.stdout.write(f"{sum(file.rows.num_rows for file in read)} delegations, {output.stat().st_size} bytes")
