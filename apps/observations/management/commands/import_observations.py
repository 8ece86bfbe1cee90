"""Send a log of past observations through the ingest API, with the keys of the sensors that made it."""

from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.observations.importers import batching, delivery, marx
from apps.observations.importers.client import DeliveryError
from apps.observations.importers.delivery import Tally
from apps.observations.importers.packets import Packets

# A format is a module with `read(path) -> Packets`.
FORMATS = {"marx": marx.read}
DEFAULT_GAP_H = 6.0


class Command(BaseCommand):
    help = "Import a log through the ingest API. Running it again adds nothing and takes up where it stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", required=True, choices=sorted(FORMATS))
        parser.add_argument("--url", required=True, help="the portal, such as http://127.0.0.1:8000")
        parser.add_argument("--key-file", required=True, type=Path, help="a line 'name key' for each sensor, or one key alone")
        parser.add_argument(
            "--gap", type=float, default=DEFAULT_GAP_H, help="hours of silence beyond which a sensor counts as not watching (default 6)"
        )

    def handle(self, *, file: Path, format: str, url: str, key_file: Path, gap: float, verbosity: int, **_options: Any) -> None:
        span = timedelta(hours=gap)
        if not timedelta(0) < span <= batching.MAX_GAP:
            raise CommandError("--gap must be above 0 and at most 24 hours.")
        packets = _read(FORMATS[format], file)
        for reason, rows in packets.skipped.items():
            self.stdout.write(f"skipped {rows} rows: {reason}")
        tallies: dict[str, Tally] = {}
        try:
            for tally, batches in delivery.deliver(packets, url=url, keys=_keys(key_file), format=format, gap=span):
                tallies[tally.sensor] = tally
                if verbosity > 1 or tally.batches == batches:
                    self.stdout.write(_line(tally, batches))
        except DeliveryError as error:
            raise CommandError(str(error)) from error
        _report_rejected(tallies.values())


def _read(read: Any, file: Path) -> Packets:
    try:
        packets: Packets = read(file)
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: {error}") from error
    return packets


def _keys(key_file: Path) -> dict[str, str]:
    try:
        return delivery.parse_keys(key_file.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(f"{key_file}: {error}") from error


def _line(tally: Tally, batches: int) -> str:
    counts = f"{tally.new} new, {tally.known} known, {len(tally.rejected)} rejected"
    return f"{tally.sensor}: {tally.packets} packets in {tally.flows} flows; batch {tally.batches} of {batches} ({counts})"


def _report_rejected(tallies: Any) -> None:
    rejected = [f"{tally.sensor}: {text}" for tally in tallies for text in tally.rejected]
    if rejected:
        raise CommandError("\n".join(["The portal rejected:", *rejected]))
