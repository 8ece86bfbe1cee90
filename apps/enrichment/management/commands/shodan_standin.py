"""Run the stand-in of Shodan and InternetDB."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.enrichment.hosts.standin import KEY, Fault, StandIn


class Command(BaseCommand):
    help = "Answer on 127.0.0.1 as Shodan and InternetDB do, with invented hosts. For demo and tests."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="default: any free one; the chosen one is printed")
        parser.add_argument("--key", default=KEY, help="the key it wants; default: %(default)s")
        parser.add_argument("--per-second", type=int, help="questions it answers in a second; default: any number")
        parser.add_argument("--fault", action="append", default=[], metavar="ADDRESS=FAULT", type=_fault,
                            help=f"fail for one address; faults: {', '.join(Fault)}")  # fmt: skip

    def handle(self, **options: Any) -> None:
        with StandIn(options["port"]) as server:
            server.key, server.per_second = options["key"], options["per_second"]
            server.faults.update(options["fault"])
            self.stdout.write(f"Shodan stand-in on {server.host}", ending="\n")
            self.stdout.flush()
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                return


def _fault(text: str) -> tuple[str, Fault]:
    address, _equals, name = text.partition("=")
    return address, Fault(name)
