"""The gate before every query to a provider: registries by RDAP and WHOIS, scanning services."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from apps.enrichment import pacing
from apps.enrichment.failures import LookupFailedError
from apps.enrichment.models import Priority, State

IN_FLIGHT = 4  # look-ups of one provider that workers have at once; as many more for tickets


class NotYetError(Exception):
    """The provider may be asked again in `seconds`; the look-up waits in the queue and has not failed."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"not for {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Room:
    """How many look-ups of a provider may be under way now: of tickets, and of others."""

    for_tickets: int
    for_others: int

    def of(self, priority: int) -> int:
        return self.for_tickets if priority <= Priority.TICKET else self.for_others


def rooms(names: Collection[str]) -> dict[str, Room]:
    """What the dispatcher may hand out, by provider. Only `asking` decides; this spares it what it would send back."""
    return {name: _room(name) for name in names}


def _room(name: str) -> Room:
    if pacing.paused_until(name):
        return Room(0, 0)
    turns = pacing.turns_left(name)
    return Room(min(turns, 2 * IN_FLIGHT), min(turns, IN_FLIGHT))


@contextmanager
def asking(provider: str, *, address: str, priority: Priority) -> Iterator[None]:
    """Around one query to a provider (`rdap:apnic`, `whois:apnic`, `nir:jpnic`, `shodan`, `internetdb`), so that limits hold over all
    workers. NotYetError where its turn has not come, LookupFailedError where it may not be asked for longer."""
    paused = pacing.paused_until(provider)
    if paused and paused > timezone.now():
        raise NotYetError(int((paused - timezone.now()).total_seconds()) + 1)
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
