"""Add an organisation: the CSIRT that runs the portal, a partner CSIRT or a host of sensors."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from apps.accounts import services
from apps.accounts.models import Organisation


class Command(BaseCommand):
    help = "Add an organisation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--kind", choices=Organisation.Kind.values, default=Organisation.Kind.PARTNER_CSIRT)
        parser.add_argument("--regions", default="", help="regions that it looks after, such as JP,KR")
        parser.add_argument("--network-counts", action="store_true", help="it may see counts over all sensors")

    def handle(self, **options: Any) -> None:
        regions = [region for region in options["regions"].split(",") if region]
        try:
            services.add_organisation(
                name=options["name"], kind=options["kind"], regions=regions, sees_network_counts=options["network_counts"]
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"Added {options['name']}.")
