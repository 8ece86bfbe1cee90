"""Make the compact table of port names that the repository ships from IANA's registry of service names."""

import csv
import gzip
import lzma
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.core.management.base import BaseCommand

PROTOCOLS = ("tcp", "udp")
PLACEHOLDERS = ("unassigned", "reserved", "de-registered")  # descriptions of rows that name no service


class Command(BaseCommand):
    help = "Pack IANA's service-names-port-numbers.csv (plain, .gz or .xz) into a table of protocol, port and name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path)
        parser.add_argument("--output", type=Path, required=True)
        parser.add_argument("--date", required=True, help="the day of the registry file")

    def handle(self, *args: object, source: Path, output: Path, date: str, **options: object) -> None:
        with _open(source) as file:
            names = _first_names(csv.DictReader(file))
        lines = [f"# IANA service names and port numbers as of {date}; see README.md here.\n", "protocol,port,name\n"]
        lines += [f"{protocol},{port},{name}\n" for (protocol, port), name in sorted(names.items())]
        output.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
        self.stdout.write(f"{len(names)} names, {output.stat().st_size} bytes")


def _first_names(rows: csv.DictReader) -> dict[tuple[str, int], str]:
    """IANA lists the service's main name first; other names of the same port are historic or aliases."""
    names: dict[tuple[str, int], str] = {}
    for row in rows:
        if row["Transport Protocol"] in PROTOCOLS and row["Service Name"] and not _is_placeholder(row["Description"]):
            for port in _ports(row["Port Number"]):
                names.setdefault((row["Transport Protocol"], port), row["Service Name"])
    return names


def _is_placeholder(description: str) -> bool:
    return description.strip().lower().startswith(PLACEHOLDERS)


def _ports(text: str) -> Iterator[int]:
    first, _, last = text.partition("-")
    if first:
        yield from range(int(first), int(last or first) + 1)


def _open(path: Path) -> IO[str]:
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8", newline="")
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")
