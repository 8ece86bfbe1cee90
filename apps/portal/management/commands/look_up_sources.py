"""Queue look-ups of the sources of a selection."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.management.base import BaseCommand, CommandError

from apps.common.errors import DomainError
from apps.enrichment.models import Priority
from apps.observations import params
from apps.portal.pages.lookingup import ask_for_sources
from apps.sensors.models import Sensor
from apps.sensors.queries import SensorScope

NAMES = ("ports", "regions", "from", "to")


class Command(BaseCommand):
    help = "Queue look-ups of the sources seen by all sensors that are not known yet; workers carry them out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--ports", default="", help="such as tcp/445,udp/53")
        parser.add_argument("--regions", default="", help="such as JP,NL")
        parser.add_argument("--from", default="", help="first day, YYYY-MM-DD")
        parser.add_argument("--to", default="", help="the day after the last, YYYY-MM-DD")
        parser.add_argument("--limit", type=int, default=settings.LOOKUP_BATCH_LIMIT, help="sources at most (default: %(default)s)")
        parser.add_argument("--providers", default="registry", help="whom to ask: registry, shodan, internetdb, with commas")

    def handle(self, *args: object, **options: Any) -> None:
        if options["limit"] < 1:
            raise CommandError("--limit must be at least 1.")
        try:
            for provider in options["providers"].split(","):
                self._queue(provider.strip(), options)
        except DomainError as error:
            raise CommandError("; ".join(f"{name}: {text}" for name, text in error.fields.items()) or error.message) from error

    def _queue(self, provider: str, options: dict[str, Any]) -> None:
        scope = SensorScope(tuple(Sensor.objects.observing().values_list("pk", flat=True)))
        selection = params.selection_from({name: options[name] for name in NAMES}, AnonymousUser(), scope=scope)
        counts = ask_for_sources(
            selection, provider=provider, by=None, limit=options["limit"], reason="look_up_sources", priority=Priority.BACKGROUND
        )
        self.stdout.write(
            f"{provider}: {counts.asked:,} queued, {counts.fresh:,} answered by what is known, {counts.not_askable:,} not askable"
        )
