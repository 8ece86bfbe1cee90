"""Asking for look-ups. Nothing is looked up here: a worker does that after the transaction has committed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import User
from apps.common.errors import ParameterError
from apps.enrichment import tasks
from apps.enrichment.blocks import block_of, is_public, read_address
from apps.enrichment.lookups import EXACT_VALID_FOR, REFRESH_AFTER, RegistryLookups, registry_of
from apps.enrichment.models import UNDER_WAY, Lookup, Priority, Provider, State
from apps.enrichment.queueing import batches, dispatching, running
from apps.enrichment.queueing.batches import BatchCounts
from apps.enrichment.queues import KINDS

REGISTRY = RegistryLookups.name
MOST_REASON = 200  # characters


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
    if _is_served(lookup, exact, priority, now):
        return lookup
    is_under_way = lookup.state in UNDER_WAY
    lookup.wants_exact = lookup.wants_exact or exact
    lookup.reason = reason[:100]
    lookup.priority = min(priority, lookup.priority) if is_under_way else priority
    if not is_under_way:
        lookup.state, lookup.queued_at = State.QUEUED, now
        lookup.next_try_at, lookup.registry = None, registry_of(lookup.address)
    lookup.save(update_fields=["wants_exact", "reason", "priority", "state", "queued_at", "next_try_at", "registry"])
    tasks.dispatch_on_commit(REGISTRY)
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


def _is_served(lookup: Lookup, exact: bool, priority: Priority, now: datetime) -> bool:
    """Whether nothing needs to be queued for this wish."""
    if lookup.state in UNDER_WAY:
        return (lookup.wants_exact or not exact) and lookup.priority <= priority
    if lookup.state == State.DONE and lookup.fetched_at is not None:
        return (lookup.is_exact and _younger(lookup, EXACT_VALID_FOR, now)) if exact else _younger(lookup, REFRESH_AFTER, now)
    is_too_early = lookup.next_try_at is not None and lookup.next_try_at > now
    return is_too_early and (not exact or lookup.state == State.RATE_LIMITED)


def _younger(lookup: Lookup, age: timedelta, now: datetime) -> bool:
    return lookup.fetched_at is not None and lookup.fetched_at > now - age


@transaction.atomic
def request_many(
    addresses: Iterable[str],
    *,
    by: User | None = None,
    priority: Priority = Priority.BACKGROUND,
    reason: str = "sources of a view",
    provider: str = REGISTRY,
) -> BatchCounts:
    """Queue look-ups of what is not known yet, in a few statements. `provider` is `registry`, which the address itself tells,
    or a scanning service. ParameterError on `provider` for one there is none of; ValueError for what is no address."""
    kind, lane = _kind_and_lane(provider)
    parsed = {read_address(address) for address in addresses}
    askable = [str(address) for address in parsed if is_public(address)]
    asked = batches.queue(kind, askable, lane, priority=priority, reason=reason) if askable else 0
    counts = BatchCounts(asked, len(askable) - asked, len(parsed) - len(askable))
    if asked:
        audit.record(by=by, action="lookups.request", target=provider, reason=reason, asked=asked)
        tasks.dispatch_on_commit(kind.name)
    return counts


def _kind_and_lane(provider: str) -> tuple[running.AnyKind, str]:
    if provider == REGISTRY:
        return KINDS[REGISTRY], ""
    for kind in KINDS.values():
        if kind.name != REGISTRY and provider in kind.providers():
            return kind, provider
    raise ParameterError("provider", _("there is no such provider"))


def requeue_due() -> int:
    """Queue again what failed and is due, and what lost its worker or its message; → how many look-ups."""
    count = sum(dispatching.recover(kind) for kind in KINDS.values())
    for kind in KINDS:
        tasks.dispatch_on_commit(kind)
    return count


@transaction.atomic
def pause_provider(*, name: str, by: User, reason: str) -> Provider:
    """Ask a provider nothing until somebody resumes it; what waits for it goes on waiting. ParameterError on `reason` or `name`."""
    reason = reason.strip()
    if not reason:
        raise ParameterError("reason", _("say why"))
    if len(reason) > MOST_REASON or not reason.isprintable():
        raise ParameterError("reason", _("at most %(max)d characters, in one line") % {"max": MOST_REASON})
    provider = _known_provider(name)
    provider.is_paused, provider.pause_reason, provider.paused_by, provider.paused_at = True, reason, by, timezone.now()
    provider.save(update_fields=["is_paused", "pause_reason", "paused_by", "paused_at"])
    audit.record(by=by, action="provider.pause", target=name, reason=reason)
    return provider


@transaction.atomic
def resume_provider(*, name: str, by: User) -> Provider:
    """Ask a provider again that a person had paused; nothing happens to one that is not paused."""
    provider = _known_provider(name)
    if provider.is_paused:
        provider.is_paused, provider.pause_reason, provider.paused_by, provider.paused_at = False, "", None, None
        provider.save(update_fields=["is_paused", "pause_reason", "paused_by", "paused_at"])
        audit.record(by=by, action="provider.resume", target=name)
        for kind in KINDS:
            tasks.dispatch_on_commit(kind)
    return provider


def _known_provider(name: str) -> Provider:
    """Its row, locked."""
    if any(name in kind.providers().values() for kind in KINDS.values()):
        Provider.objects.get_or_create(name=name)
    provider = Provider.objects.select_for_update().filter(name=name).first()
    if provider is None:
        raise ParameterError("name", _("there is no such provider"))
    return provider
