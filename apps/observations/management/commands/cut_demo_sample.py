"""Cut the sample that the repository ships from the published honeypot log."""

import lzma
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from django.core.management.base import BaseCommand, CommandError

from apps.observations import sample

COLUMNS = ("datetime", "host", "src", "proto", "type", "spt", "dpt")
MAX_BYTES = 10 * 2**20


class Command(BaseCommand):
    help = "Cut apps/observations/sample from the published honeypot log (.csv or .csv.xz): needed columns, rows in their order."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path)
        parser.add_argument("--from", dest="first", type=date.fromisoformat, default=date.min, help="first day (UTC)")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, default=date.max, help="first day no longer in (UTC)")
        parser.add_argument("--output", type=Path, default=sample.LOG)

    def handle(self, *, source: Path, first: date, last: date, output: Path, **_options: Any) -> None:
        rows = _rows(source, first, last)
        text = pa.BufferOutputStream()
        pyarrow.csv.write_csv(rows, text, pyarrow.csv.WriteOptions(quoting_style="none"))
        packed = lzma.compress(text.getvalue().to_pybytes(), preset=9 | lzma.PRESET_EXTREME)
        if len(packed) > MAX_BYTES:
            raise CommandError(f"{len(packed)} bytes are too many for the repository; cut less with --from and --to.")
        output.write_bytes(packed)
        self.stdout.write(f"{output}: {rows.num_rows} rows, {len(packed)} bytes")


def _rows(source: Path, first: date, last: date) -> pa.Table:
    content = source.read_bytes()
    plain = lzma.decompress(content) if source.suffix == ".xz" else content
    convert = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(COLUMNS, pa.string()), include_columns=COLUMNS)
    rows = pyarrow.csv.read_csv(pa.BufferReader(plain), convert_options=convert)
    within = pc.and_(pc.greater_equal(rows["datetime"], first.isoformat()), pc.less(rows["datetime"], last.isoformat()))
    return rows.filter(within)
