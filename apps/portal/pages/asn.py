"""One autonomous system: the prefixes it originated, and the networks whose registration names it."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.common.periods import local_day
from apps.enrichment.models import Network
from apps.enrichment.origins import AddressOrigin, Evidence, origin_on
from apps.observations.figures import Freshness
from apps.portal import words
from apps.portal.state import View
from apps.reference.models import Family
from apps.reference.routing import OriginMap, maps_for

SHOWN_PREFIXES = 200
SHOWN_NETWORKS = 100


@dataclass(frozen=True)
class PrefixLine:
    prefix: str
    url: str  # of the sources in it
    others: str  # who announced it, too


@dataclass(frozen=True)
class PrefixTable:
    """The prefixes of one address family, the first of them by address."""

    title: str
    count: str
    lines: tuple[PrefixLine, ...]
    more: int
    as_of: str
    source: str


@dataclass(frozen=True)
class NetworkLine:
    holder: str
    url: str
    ranges: str
    registry: str
    as_of: str


@dataclass(frozen=True)
class AsPage:
    asn: int
    freshness: Freshness
    day: str
    tables: tuple[PrefixTable, ...]
    networks: tuple[NetworkLine, ...]
    shows_networks: bool


def as_page(view: View, asn: int) -> AsPage:
    """By the tables of routes of the period's last day; registrations are for own staff."""
    day = last_day(view)
    return AsPage(
        asn=asn,
        freshness=view.freshness,
        day=words.day(day),
        tables=tuple(_table(found, asn, view) for found in maps_for(day)),
        networks=_networks(asn) if view.user.is_own_staff else (),
        shows_networks=view.user.is_own_staff,
    )


def last_day(view: View) -> date:
    return local_day(view.period.end - timedelta(microseconds=1), settings.REPORT_TIME_ZONE)


def _table(found: OriginMap, asn: int, view: View) -> PrefixTable:
    rows = found.prefixes_of(asn).tolist()
    return PrefixTable(
        title=_("%(family)s prefixes") % {"family": Family(found.source.family).label},
        count=words.number(len(rows)),
        lines=tuple(_line(found, row, asn, view) for row in rows[:SHOWN_PREFIXES]),
        more=max(0, len(rows) - SHOWN_PREFIXES),
        as_of=words.day(found.source.date),
        source=found.source.name,
    )


def _line(found: OriginMap, row: int, asn: int, view: View) -> PrefixLine:
    origin = found.origin(row, found.source.date)
    url = view.url(reverse("portal:sources"), prefix=str(origin.prefix))
    return PrefixLine(str(origin.prefix), url, ", ".join(f"AS{other}" for other in origin.asns if other != asn))


def _networks(asn: int) -> tuple[NetworkLine, ...]:
    rows = Network.objects.filter(asn=asn).defer("raw").order_by("start")[:SHOWN_NETWORKS]
    return tuple(
        NetworkLine(
            holder=row.holder or row.name,
            url=reverse("portal:holder", args=[row.pk]),
            ranges=", ".join(row.cidrs),
            registry=row.registry.upper(),
            as_of=words.day(local_day(row.fetched_at, settings.REPORT_TIME_ZONE)),
        )
        for row in rows
    )


# The same of one address


@dataclass(frozen=True)
class AsLink:
    label: str
    url: str


@dataclass(frozen=True)
class OriginLine:
    systems: tuple[AsLink, ...]
    prefixes: str
    evidence: str
    as_of: str


def origin_line(view: View, address: str, day: date, network: Network | None) -> OriginLine | None:
    """The AS of an address on a day. `network` is its registration, None for others than own staff. An address of a scenario is
    announced by nobody."""
    if view.selection.scope.is_scenario:
        return None
    found = origin_on(day, address, network)
    return _origin_line(found, view) if found else None


def _origin_line(found: AddressOrigin, view: View) -> OriginLine:
    label = str(Evidence(found.evidence).label)
    return OriginLine(
        systems=tuple(AsLink(f"AS{asn}", view.url(reverse("portal:as", args=[asn]))) for asn in found.asns),
        prefixes=", ".join(found.prefixes),
        evidence=_("%(evidence)s: %(says)s") % {"evidence": label, "says": found.says} if found.says else label,
        as_of=words.day(found.as_of),
    )
