"""The gate before every query to a provider: registries by RDAP and WHOIS, scanning services."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone

from apps.enrichment import pacing
from apps.enrichment.failures import LookupFailedError
from apps.enrichment.models import Priority, State
from apps.enrichment.registries.rdap import SLOW_DOWN


class NotYetError(Exception):
    """The provider may be asked again in `seconds`; the look-up waits in the queue and has not failed."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"not for {seconds} s")
        self.seconds = seconds


@contextmanager
def asking(provider: str, *, address: str, priority: Priority) -> Iterator[None]:
    """Around one query to a provider (`rdap:apnic`, `whois:apnic`, `nir:jpnic`, `shodan`, `internetdb`), so that limits hold over all
    workers. NotYetError where its turn has not come, LookupFailedError where it may not be asked for longer."""
    paused = pacing.paused_until(provider)
    if paused and paused > timezone.now():
        raise LookupFailedError(State.RATE_LIMITED, SLOW_DOWN, retry_after=paused - timezone.now())
    if seconds := pacing.take_turn(provider):
        raise NotYetError(seconds)
    try:
        yield
    except LookupFailedError as error:
        if error.state is State.RATE_LIMITED:
            _pause(provider, error.retry_after)
        raise


def _pause(provider: str, wished: timedelta | None) -> None:
    wait = max(wished or pacing.SHORTEST_PAUSE, pacing.SHORTEST_PAUSE)
    pacing.pause(provider, timezone.now() + wait, int(wait.total_seconds()))
