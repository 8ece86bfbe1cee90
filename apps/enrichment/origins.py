"""The AS number and prefix of an address: from tables of routes, else from its registration; what a person corrected comes first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common.periods import local_day
from apps.enrichment.blocks import read_address
from apps.enrichment.models import CorrectedField, Lookup, Network
from apps.reference.routeorigins import asn, asns_in
from apps.reference.routing import Origin, origin_of


class Evidence(models.TextChoices):
    CORRECTION = "correction", _("corrected by hand")
    ROUTING = "routing", _("table of routes")
    REGISTRY = "registry", _("registration")


@dataclass(frozen=True)
class AddressOrigin:
    """`text` is the origin whole (reference.routing.Origin). `prefixes` are the announced prefix or, from a registration,
    what is registered; `says` is the file or the registry."""

    text: str
    prefixes: tuple[str, ...]
    evidence: Evidence
    as_of: date
    says: str

    @property
    def asns(self) -> tuple[int, ...]:
        return asns_in(self.text)


def asn_of(address: str, day: date) -> AddressOrigin | None:
    """What is known of an address's AS on a day, None where nothing is; nothing is looked up. Three queries at most.
    ValueError where the text is neither an address nor an IPv6 /64."""
    return asns_of(address, [day])[day]


def asns_of(address: str, days: Iterable[date]) -> dict[date, AddressOrigin | None]:
    """The same on several days: one query for each and two more."""
    wanted = str(read_address(address))
    lookup = (
        Lookup.objects.filter(address=wanted, network__isnull=False)
        .select_related("network")
        .prefetch_related("network__corrections")
        .defer("network__raw")
        .first()
    )
    return {day: origin_on(day, wanted, lookup.network if lookup else None) for day in days}


def origin_on(day: date, address: str, network: Network | None) -> AddressOrigin | None:
    """The same where the network that serves the address is at hand. One query, and one more for its corrections unless those
    were fetched with it."""
    registered = _registered(network) if network else None
    if registered and registered.evidence is Evidence.CORRECTION:
        return registered
    return routed_on(address, day) or registered


def routed_on(address: str, day: date) -> AddressOrigin | None:
    """What the tables of routes say alone, which is no secret of ours. One query."""
    found = origin_of(str(read_address(address)), day)
    return _routed(found) if found else None


def _routed(found: Origin) -> AddressOrigin:
    return AddressOrigin(found.text, (str(found.prefix),), Evidence.ROUTING, found.as_of, found.source)


def _registered(network: Network) -> AddressOrigin | None:
    """What the registry says, or a person in its place."""
    prefixes = tuple(network.cidrs) or (f"{network.start} - {network.end}",)
    for row in network.corrections.all():
        if row.field == CorrectedField.ASN and row.withdrawn_at is None and (number := _number(row.value)):
            return AddressOrigin(number, prefixes, Evidence.CORRECTION, _day(row.at), "")
    if network.asn:
        return AddressOrigin(str(network.asn), prefixes, Evidence.REGISTRY, _day(network.fetched_at), network.registry.upper())
    return None


def _number(text: str) -> str:
    try:
        return str(asn(text.strip()))
    except ValueError:
        return ""


def _day(at: datetime) -> date:
    return local_day(at, settings.REPORT_TIME_ZONE)
