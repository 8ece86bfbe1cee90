"""Asking for profiles of hosts. Nothing is asked here: a worker does that after the transaction has committed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.common.errors import ParameterError
from apps.enrichment import services, tasks
from apps.enrichment.blocks import is_public, read_address
from apps.enrichment.hosts.lookups import REFRESH_AFTER, HostLookups
from apps.enrichment.hosts.switches import switched_on, why_off
from apps.enrichment.models import UNDER_WAY, HostLookup, HostProvider, Priority, State
from apps.enrichment.queueing.batches import BatchCounts

NEW_ENOUGH_FOR_A_PERSON = timedelta(minutes=10)  # a second click asks nothing


@transaction.atomic
def request_host_lookup(
    *,
    address: str,
    by: User | None = None,
    reason: str = "page",
    priority: Priority = Priority.PAGE,
    service: HostProvider | None = None,
    at_once: bool = False,
) -> HostLookup:
    """Queue the look-up of a host at a service (by default the one that is on and says most), unless an answer of the last 30
    days or a look-up under way makes it needless.

    `at_once` (a person's click) wants a new answer, and does not wait for the next try after a failure; only a service that
    asked us to slow down is left alone until then. ParameterError where the address is none on the Internet, and where no
    service, or not this one, is switched on.
    """
    lookup = _row(address, service or preferred())
    now = timezone.now()
    if _is_served(lookup, at_once, priority, now):
        return lookup
    is_under_way = lookup.state in UNDER_WAY
    lookup.reason = reason[:100]
    lookup.priority = min(priority, lookup.priority) if is_under_way else priority
    if not is_under_way:
        lookup.state, lookup.queued_at, lookup.next_try_at = State.QUEUED, now, None
    lookup.save(update_fields=["reason", "priority", "state", "queued_at", "next_try_at"])
    tasks.dispatch_on_commit(HostLookups.name)
    return lookup


def request_many_hosts(
    addresses: Iterable[str], *, by: User | None = None, reason: str = "sources of a view", priority: Priority = Priority.BACKGROUND
) -> BatchCounts:
    """Queue look-ups of all hosts of which no service has answered in the last 30 days, in a few statements. ParameterError
    where no service is switched on; ValueError for what is no address."""
    return services.request_many(addresses, priority=priority, reason=reason, provider=preferred())


def preferred() -> HostProvider:
    """The service that is on and says most; ParameterError, with what to do about it, where there is none."""
    on = switched_on()
    if not on:
        raise ParameterError("service", _(why_off(HostProvider.SHODAN)))
    return on[0]


def _row(text: str, service: HostProvider) -> HostLookup:
    """The row of address and service, locked."""
    try:
        address = read_address(text)
    except ValueError as error:
        raise ParameterError("address", _("is not an IP address")) from error
    if not is_public(address):
        raise ParameterError("address", _("is private or reserved; no scanning service sees it"))
    if why := why_off(service):
        raise ParameterError("service", _(why))
    HostLookup.objects.get_or_create(address=str(address), provider=service)
    return HostLookup.objects.select_for_update().get(address=str(address), provider=service)


def _is_served(lookup: HostLookup, at_once: bool, priority: Priority, now: datetime) -> bool:
    """Whether nothing needs to be queued for this wish."""
    if lookup.state in UNDER_WAY:
        return lookup.priority <= priority
    if lookup.state == State.DONE and lookup.fetched_at is not None:
        return lookup.fetched_at > now - (NEW_ENOUGH_FOR_A_PERSON if at_once else REFRESH_AFTER)
    is_too_early = lookup.next_try_at is not None and lookup.next_try_at > now
    return is_too_early and (not at_once or lookup.state == State.RATE_LIMITED)
