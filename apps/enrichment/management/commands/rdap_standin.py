"""Run the RDAP stand-in."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.enrichment.standin import Fault, StandIn


class Command(BaseCommand):
    help = "Answer RDAP queries on 127.0.0.1 from the loaded delegations, with invented holders. For demo and tests."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="default: any free one; the chosen one is printed")
        parser.add_argument("--fault", action="append", default=[], metavar="ADDRESS=FAULT", type=_fault,
                            help=f"fail for one address; faults: {', '.join(Fault)}")  # fmt: skip

    def handle(self, **options: Any) -> None:
        with StandIn(options["port"]) as server:
            server.faults.update(options["fault"])
            self.stdout.write(f"RDAP stand-in on {server.host}", ending="\n")
            self.stdout.flush()
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                return


def _fault(text: str) -> tuple[str, Fault]:
    address, _equals, name = text.partition("=")
    return address, Fault(name)
