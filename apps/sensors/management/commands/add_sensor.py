"""Enrol a sensor and print its key, once."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.accounts.models import Organisation
from apps.common.errors import DomainError
from apps.sensors import services
from apps.sensors.models import Sensor


class Command(BaseCommand):
    help = "Enrol a sensor and print its key. The key is shown this once; the portal keeps only its hash."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="internal name, such as tokyo-1")
        parser.add_argument("--country", required=True, help="two capital letters, such as JP")
        parser.add_argument("--overseas", action="store_true")
        parser.add_argument("--organisation", help="name of the owner; default: the CSIRT that runs the portal")
        parser.add_argument("--line-type", choices=Sensor.LineType.values, default=Sensor.LineType.HOSTING)
        parser.add_argument("--addresses", type=int, default=1, help="how many addresses it watches")
        parser.add_argument("--active-from", type=date.fromisoformat, help="first day, such as 2013-03-03; default: today")
        parser.add_argument("--import", dest="may_import", action="store_true", help="the key may send old observations")

    @transaction.atomic
    def handle(self, **options: Any) -> None:
        try:
            sensor = services.enrol_sensor(
                name=options["name"],
                organisation=_owner(options["organisation"]),
                country=options["country"],
                is_overseas=options["overseas"],
                line_type=options["line_type"],
                address_count=options["addresses"],
                active_from=options["active_from"],
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        except DomainError as error:
            raise CommandError(error.message) from error
        _key, secret = services.add_key(sensor=sensor, may_import=options["may_import"])
        self.stderr.write(f"Sensor {sensor.name} has number {sensor.pk}. Its key, shown this once:")
        self.stdout.write(secret)


def _owner(name: str | None) -> Organisation:
    candidates = Organisation.objects.filter(name=name) if name else Organisation.objects.filter(kind=Organisation.Kind.OWN_CSIRT)
    if len(candidates) != 1:
        raise CommandError(f"There is no organisation {name!r}." if name else "Name the owner with --organisation NAME.")
    return candidates[0]
