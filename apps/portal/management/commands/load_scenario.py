import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.common.errors import DomainError
from apps.portal.yardstick import loading


class Command(BaseCommand):
    help = "Load a generated network from which the numbers of the yardstick reports come out, apart from all observations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("scenario", choices=["yardstick"])
        parser.add_argument("--yes", action="store_true", help="load it although this installation holds observations")

    def handle(self, *args: Any, yes: bool, **options: Any) -> None:
        started = time.monotonic()
        try:
            loading.require_loadable(beside_observations=yes or settings.DEMO)
            flows = loading.load(self._say)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Loaded and counted {flows:,} flows in {time.monotonic() - started:.0f} s. Choose “scenario” as the sensors.")

    def _say(self, what: str, done: int, total: int) -> None:
        """A line a step, and of long steps every tenth; on a terminal the count runs in place."""
        if self.stdout.isatty():
            self.stdout.write(f"{what}: {done} of {total}     ", ending="\r")
        elif done % max(1, total // 10) == 0:
            self.stdout.write(f"{what}: {done} of {total}")
        self.stdout.flush()
