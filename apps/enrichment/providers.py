"""The gate before every query to a provider: registries by RDAP and WHOIS, scanning services."""

import math
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from apps.enrichment import breakers, budgets, pacing
from apps.enrichment.failures import LookupFailedError
from apps.enrichment.limits import Limit, limit_of, off_reason
from apps.enrichment.models import Priority, Provider, ProviderDay, ProviderError, State

PAUSED_S = 60  # until somebody may have ended a pause
KEPT_ERRORS = 50  # samples of each provider


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
    rows, held = Provider.objects.in_bulk(names), pacing.paused_until(names)
    taken, days = pacing.turns_taken(names), budgets.days(names)
    return {name: Room(0, 0) if name in held else _room(name, rows.get(name), taken[name], days.get(name)) for name in names}


def _room(name: str, provider: Provider | None, taken: int, day: ProviderDay | None) -> Room:
    now, limit = timezone.now(), limit_of(name)
    if off_reason(name):
        return Room(limit.in_flight, limit.in_flight)  # each fails at once, and says why
    if provider and (provider.is_paused or breakers.open_until(provider, now)):
        return Room(0, 0)
    if provider and breakers.needs_trial(provider, now):
        return Room(1, 1)
    return Room(
        _least(2 * limit.in_flight, limit.turns(for_ticket=True) - taken, budgets.left(limit, day, for_ticket=True)),
        _least(limit.in_flight, limit.turns(for_ticket=False) - taken, budgets.left(limit, day, for_ticket=False)),
    )


def _least(*numbers: int | None) -> int:
    return max(0, min(number for number in numbers if number is not None))


@contextmanager
def asking(provider: str, *, address: str, priority: Priority) -> Iterator[None]:
    """Around one query to a provider (`rdap:apnic`, `whois:apnic`, `nir:jpnic`, `shodan`, `internetdb`), so that limits hold over all
    workers; it may wait for a turn that is near. NotYetError where its turn has not come, LookupFailedError where the
    installation does not ask it at all. What is raised inside is counted and raised again. Not in a transaction, whose end
    other workers would have to wait for."""
    is_trial = _enter(provider, for_ticket=priority <= Priority.TICKET)
    try:
        yield
    except LookupFailedError as failure:
        _settle(provider, address, failure, is_trial)
        raise
    except SoftTimeLimitExceeded:
        _settle(provider, address, LookupFailedError(State.TIMEOUT, _("No answer came in time.")), is_trial)
        raise
    breakers.succeeded(provider)


def _enter(name: str, *, for_ticket: bool) -> bool:
    """Wait or refuse; → whether this query is the trial of a provider that had failed."""
    if reason := off_reason(name):
        raise LookupFailedError(State.ERROR, reason)
    provider, _is_new = Provider.objects.get_or_create(name=name)
    limit, now = limit_of(name), timezone.now()
    if provider.is_paused:
        raise NotYetError(PAUSED_S)
    for until in (pacing.paused_until([name]).get(name), breakers.open_until(provider, now)):
        if until and until > now:
            raise NotYetError(_seconds(until - now))
    _wait_for_turn(name, limit, for_ticket)
    is_trial = breakers.needs_trial(provider, now)
    if is_trial and not breakers.begin_trial(provider):
        raise NotYetError(_seconds(breakers.TRIAL_FOR))
    if not budgets.count(name, limit, for_ticket=for_ticket):
        raise NotYetError(budgets.seconds_to_tomorrow())
    return is_trial


def _wait_for_turn(name: str, limit: Limit, for_ticket: bool) -> None:
    turn = pacing.take_turn(name, limit, for_ticket=for_ticket)
    if not turn.is_ours:
        raise NotYetError(math.ceil(turn.wait_s))
    time.sleep(turn.wait_s)


def _seconds(wait: timedelta) -> int:
    return math.ceil(wait.total_seconds())


def _settle(name: str, address: str, failure: LookupFailedError, is_trial: bool) -> None:
    """Note how a query ended without an answer. That nothing is registered is an answer."""
    if failure.state is State.NOT_FOUND:
        breakers.succeeded(name)
        return
    budgets.count_failure(name)
    _keep_sample(name, address, failure)
    if failure.state is State.RATE_LIMITED:
        hold_back(name, failure.retry_after)
    else:
        breakers.failed(name, was_trial=is_trial)


def hold_back(name: str, wished: timedelta | None) -> datetime:
    """Ask nothing for as long as the provider wishes, a minute at least; → until when."""
    wait = min(max(wished or pacing.SHORTEST_PAUSE, pacing.SHORTEST_PAUSE), timedelta(days=1))
    until = timezone.now() + wait
    pacing.pause(name, until, _seconds(wait))
    return until


def _keep_sample(name: str, address: str, failure: LookupFailedError) -> None:
    ProviderError.objects.create(
        provider_id=name, address=address, state=failure.state, message=failure.message[:200], detail=failure.detail[:200]
    )
    newest = ProviderError.objects.filter(provider=name).values("pk")[:KEPT_ERRORS]
    ProviderError.objects.filter(provider=name).exclude(pk__in=newest).delete()
