from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.portal.yardstick import unloading


class Command(BaseCommand):
    help = "Remove everything that load_scenario brought."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("scenario", choices=["yardstick"])

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Removed the scenario and its {unloading.unload()} sensors.")
