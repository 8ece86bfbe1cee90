"""The work of one look-up: claim, spare the registry a query where a neighbour's answer serves, ask, keep what came.

States only move forward by `UPDATE … WHERE state = …`, so running twice, or after a crash, is harmless.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from redis.exceptions import RedisError

from apps.common.periods import local_day
from apps.enrichment import keeping, pacing
from apps.enrichment.failures import LookupFailedError
from apps.enrichment.models import Lookup, Network, Priority, State
from apps.enrichment.providers import NotYetError
from apps.enrichment.registries import asking, rdap
from apps.enrichment.registries.asking import Answer
from apps.reference.delegations import delegation_of

log = logging.getLogger(__name__)

REFRESH_AFTER = timedelta(days=30)  # a block's answer serves statistics for so long
EXACT_VALID_FOR = timedelta(days=7)  # a mail needs an answer about the very address no older than this
TASK_LIMIT_S = 90
LOST_AFTER = timedelta(seconds=2 * TASK_LIMIT_S)  # a running look-up older than this has lost its worker
BUSY_WAIT_S = 3  # another worker is asking about the same block
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(days=1)
NOT_FOUND_VALID_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Outcome:
    """How one run ended; `again_in_s` where the look-up waits for its turn and must be tried again."""

    state: State
    again_in_s: int = 0


def run(lookup_id: int) -> Outcome | None:
    """Carry out one queued look-up; None where there is nothing (left) to do."""
    if not _claim(lookup_id):
        return None
    lookup = Lookup.objects.get(pk=lookup_id)
    if neighbour := answer_of_block(lookup):
        return _share(lookup, neighbour)
    if not pacing.lock_block(lookup.block):
        return _wait(lookup, BUSY_WAIT_S)
    try:
        return _ask_or_fail(lookup)
    finally:
        pacing.unlock_block(lookup.block)


def _claim(lookup_id: int) -> bool:
    """Make the look-up ours: queued, or left running by a worker that is gone."""
    now = timezone.now()
    free = Q(state=State.QUEUED) | Q(state=State.RUNNING, started_at__lt=now - LOST_AFTER)
    return Lookup.objects.filter(free, pk=lookup_id).update(state=State.RUNNING, started_at=now) == 1


def answer_of_block(lookup: Lookup) -> Lookup | None:
    """The newest exact answer in the look-up's block that is fresh enough to serve it; none serves an exact wish."""
    if lookup.wants_exact:
        return None
    fresh = Lookup.objects.filter(
        block=lookup.block, state=State.DONE, is_exact=True, network__isnull=False, fetched_at__gt=timezone.now() - REFRESH_AFTER
    ).select_related("network")
    found = list(fresh.order_by("-fetched_at")[:256])
    return next((answer for answer in found if _holds(answer.network, lookup.address)), found[0] if found else None)


def _holds(network: Network | None, address: str) -> bool:
    return network is not None and ip_address(network.start) <= ip_address(address) <= ip_address(network.end)  # type: ignore[operator]


def _share(lookup: Lookup, answer: Lookup) -> Outcome:
    if _finish(lookup, network=answer.network, registry=answer.registry, fetched_at=answer.fetched_at, is_exact=False):
        return Outcome(State.DONE)
    return _wait(lookup, 1)  # somebody asked for this very address meanwhile


def _ask_or_fail(lookup: Lookup) -> Outcome:
    """Whatever an answer does to us ends in a state with a time of the next try: left running, it would be fetched for ever."""
    try:
        return _ask(lookup)
    except SoftTimeLimitExceeded:
        return _fail(lookup, lookup.registry, LookupFailedError(State.TIMEOUT, _("The registry did not answer in time.")))
    except (OperationalError, InterfaceError, RedisError):
        raise  # ours to repair: the look-up stays, and is queued again
    except Exception as error:
        log.exception("Look-up %s could not be carried out", lookup.pk)
        failure = LookupFailedError(State.ERROR, _("The answer is not RDAP: %(detail)s"), detail=type(error).__name__)
        return _fail(lookup, lookup.registry, failure)


def _ask(lookup: Lookup) -> Outcome:
    if neighbour := answer_of_block(lookup):  # it may have come while we waited for the lock
        return _share(lookup, neighbour)
    registry = _registry_of(lookup.address)
    try:
        answer = asking.ask(lookup.address, registry, Priority(lookup.priority))
    except NotYetError as wait:
        return _wait(lookup, wait.seconds)
    except LookupFailedError as error:
        return _fail(lookup, registry, error)
    return _keep(lookup, registry, answer)


def _registry_of(address: str) -> str:
    """From our own delegations of today; nobody is asked which registry to ask."""
    delegation = delegation_of(address, local_day(timezone.now(), settings.REPORT_TIME_ZONE))
    return rdap.registry_for(delegation.registry if delegation else "")


@transaction.atomic
def _keep(lookup: Lookup, registry: str, answer: Answer) -> Outcome:
    now, parsed = timezone.now(), answer.network
    if not parsed.start <= ip_address(lookup.address) <= parsed.end:  # type: ignore[operator]  # one version, or the answer is wrong
        return _fail(lookup, registry, LookupFailedError(State.ERROR, _("The answer is about another range than the one asked for.")))
    network = keeping.keep(answer, registry, now)
    _finish(lookup, network=network, registry=registry, fetched_at=now, is_exact=True)
    return Outcome(State.DONE)


def _finish(lookup: Lookup, *, network: Network | None, registry: str, fetched_at: datetime | None, is_exact: bool) -> bool:
    """Whether the look-up is now done; a neighbour's answer ends none that wants its own."""
    ours = Lookup.objects.filter(pk=lookup.pk, state=State.RUNNING)
    if not is_exact:
        ours = ours.filter(wants_exact=False)
    changed = ours.update(
        state=State.DONE, network=network, registry=registry, fetched_at=fetched_at, is_exact=is_exact,
        wants_exact=False, attempts=0, next_try_at=None, error="", error_detail="",
    )  # fmt: skip
    return changed == 1


def _wait(lookup: Lookup, seconds: int) -> Outcome:
    Lookup.objects.filter(pk=lookup.pk, state=State.RUNNING).update(
        state=State.QUEUED, queued_at=timezone.now() + timedelta(seconds=seconds)
    )
    return Outcome(State.QUEUED, again_in_s=seconds)


def _fail(lookup: Lookup, registry: str, failure: LookupFailedError) -> Outcome:
    """End in the failure's state with the time of the next try. What an earlier look-up found stays."""
    now = timezone.now()
    wait = retry_wait(failure.state, lookup.attempts, failure.retry_after)
    log.info("Look-up %s ended %s: %s", lookup.pk, failure.state, failure.message)
    Lookup.objects.filter(pk=lookup.pk, state=State.RUNNING).update(
        state=failure.state,
        registry=registry,
        attempts=F("attempts") + 1,
        next_try_at=now + wait,
        error=failure.message,
        error_detail=failure.detail[:200],
    )
    return Outcome(failure.state)


def retry_wait(state: State, attempts: int, retry_after: timedelta | None) -> timedelta:
    """A minute, then four times as long after each failure, a day at most; never shorter than the registry wished."""
    if state is State.NOT_FOUND:
        return NOT_FOUND_VALID_FOR
    backoff = FIRST_RETRY * 4 ** min(attempts, 8)
    return min(max(backoff, retry_after or backoff), LONGEST_RETRY)
