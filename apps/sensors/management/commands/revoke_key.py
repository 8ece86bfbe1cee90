"""Revoke a sensor's key."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.sensors import services
from apps.sensors.models import SensorKey


class Command(BaseCommand):
    help = "Revoke sensor keys, by the part before the dot, or all keys of a sensor."

    def add_arguments(self, parser: ArgumentParser) -> None:
        group = parser.add_mutually_exclusive_group(required=True)
        group.add_argument("--prefix", help="the eight characters before the dot of the key")
        group.add_argument("--sensor", help="name of the sensor")

    def handle(self, **options: Any) -> None:
        chosen = {"prefix": options["prefix"]} if options["prefix"] else {"sensor__name": options["sensor"]}
        keys = SensorKey.objects.filter(revoked=False, **chosen).select_related("sensor")
        if not keys:
            raise CommandError("No usable key fits.")
        for key in keys:
            services.revoke_key(key=key)
            self.stdout.write(f"Revoked {key.prefix} of {key.sensor}.")
