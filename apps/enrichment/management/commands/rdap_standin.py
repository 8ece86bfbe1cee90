"""Run the stand-in for registries."""

import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.enrichment.standin import Fault, running


class Command(BaseCommand):
    help = "Answer for all registries (RDAP, WHOIS, JPNIC, KRNIC) on 127.0.0.1 from the loaded delegations, with invented holders."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="of RDAP and pages; default: any free one; the chosen one is printed")
        parser.add_argument("--whois-port", type=int, default=0, help="of WHOIS, likewise")
        for name, of in (("--fault", "RDAP"), ("--whois-fault", "WHOIS"), ("--nir-fault", "national registries")):
            parser.add_argument(name, action="append", default=[], metavar="ADDRESS=FAULT", type=_fault,
                                help=f"fail for one address by {of}; faults: {', '.join(Fault)}")  # fmt: skip

    def handle(self, **options: Any) -> None:
        with running(options["port"], options["whois_port"]) as server:
            server.faults.update(options["fault"])
            server.whois.faults.update(options["whois_fault"])
            server.nir_faults.update(options["nir_fault"])
            self.stdout.write(f"RDAP stand-in on {server.host}\nWHOIS stand-in on {server.whois.host}", ending="\n")
            self.stdout.flush()
            try:
                threading.Event().wait()
            except KeyboardInterrupt:
                return


def _fault(text: str) -> tuple[str, Fault]:
    address, _equals, name = text.partition("=")
    return address, Fault(name)
