"""Asking for look-ups. Nothing is looked up here: a worker does that after the transaction has committed."""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.common.errors import ParameterError
from apps.enrichment import tasks
from apps.enrichment.blocks import block_of, is_public, read_address
from apps.enrichment.lookups import EXACT_VALID_FOR, LOST_AFTER, REFRESH_AFTER
from apps.enrichment.models import FAILED, UNDER_WAY, Lookup, Priority, State

GIVE_UP_AFTER = 8  # failures in a row; a person may still ask
RETRIES_AT_ONCE = 200


@transaction.atomic
def request_lookup(
    *, address: str, by: User | None = None, reason: str = "page", exact: bool = False, priority: Priority = Priority.PAGE
) -> Lookup:
    """Queue the look-up of an address unless a fresh answer, or a look-up under way, makes it needless.

    `exact` (a ticket, or a person's click) wants an answer about this very address no older than seven days, where otherwise a
    neighbour's answer of the last 30 days does, and does not wait for the next try after a failure; only a registry that
    asked us to slow down is left alone until then. ParameterError where the address is none that a registry can know.
    """
    lookup = _row(address)
    now = timezone.now()
    if _is_served(lookup, exact, now):
        return lookup
    is_under_way = lookup.state in UNDER_WAY
    lookup.wants_exact = lookup.wants_exact or exact
    lookup.reason = reason[:100]
    lookup.priority = min(priority, lookup.priority) if is_under_way else priority
    if not is_under_way:
        lookup.state, lookup.queued_at = State.QUEUED, now
    lookup.save(update_fields=["wants_exact", "reason", "priority", "state", "queued_at"])
    if not is_under_way:
        _queue(lookup.pk)
    return lookup


def _row(text: str) -> Lookup:
    """The address's row, locked."""
    try:
        address = read_address(text)
    except ValueError as error:
        raise ParameterError("address", _("is not an IP address")) from error
    if not is_public(address):
        raise ParameterError("address", _("is private or reserved; no registry knows who uses it"))
    Lookup.objects.get_or_create(address=str(address), defaults={"block": block_of(address)})
    return Lookup.objects.select_for_update().get(address=str(address))


def _is_served(lookup: Lookup, exact: bool, now: datetime) -> bool:
    """Whether nothing needs to be queued for this wish."""
    if lookup.state in UNDER_WAY:
        return lookup.wants_exact or not exact
    if lookup.state == State.DONE and lookup.fetched_at is not None:
        return (lookup.is_exact and _younger(lookup, EXACT_VALID_FOR, now)) if exact else _younger(lookup, REFRESH_AFTER, now)
    is_too_early = lookup.next_try_at is not None and lookup.next_try_at > now
    return is_too_early and (not exact or lookup.state == State.RATE_LIMITED)


def _younger(lookup: Lookup, age: timedelta, now: datetime) -> bool:
    return lookup.fetched_at is not None and lookup.fetched_at > now - age


def requeue_due() -> int:
    """Queue again what failed and is due, and what lost its worker or its place in the queue; → how many."""
    now = timezone.now()
    due = Q(state__in=FAILED, next_try_at__lte=now, attempts__lt=GIVE_UP_AFTER)
    lost = Q(state=State.RUNNING, started_at__lt=now - LOST_AFTER) | Q(state=State.QUEUED, queued_at__lt=now - LOST_AFTER)
    with transaction.atomic():
        chosen = list(
            Lookup.objects.select_for_update(skip_locked=True)
            .filter(due | lost)
            .order_by("queued_at")
            .values_list("pk", flat=True)[:RETRIES_AT_ONCE]
        )
        Lookup.objects.filter(pk__in=chosen).update(state=State.QUEUED, queued_at=now)
        for lookup_id in chosen:
            _queue(lookup_id)
    return len(chosen)


def _queue(lookup_id: int) -> None:
    """Hand the look-up to a worker after commit. Should the broker be away, the row stays queued and `requeue_due` finds it."""
    transaction.on_commit(partial(tasks.look_up.delay, lookup_id), robust=True)
