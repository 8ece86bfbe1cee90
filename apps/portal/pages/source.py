"""One address: what it sent, where it is registered, who administers it, and what was done about it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.analysis import sourcenotes
from apps.analysis.models import SourceNote
from apps.common.periods import Bin, bins, local_day
from apps.common.ports import PortKey
from apps.coordination.models import may_read_tickets
from apps.coordination.queries import TicketRow, tickets_for_source
from apps.enrichment.queries import AddressInfo, address_info
from apps.enrichment.views import ASKERS
from apps.observations import queries
from apps.observations.figures import Dimension, Freshness, Series, SeriesSet, SourceHistory
from apps.portal import captions, words
from apps.portal.figures import Figure, series_figure
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.links import with_query
from apps.portal.pages.asn import OriginLine, last_day, origin_line
from apps.portal.pages.crowds import Later
from apps.portal.pages.sources import Link, port_link
from apps.portal.shares import signature_label
from apps.portal.state import View
from apps.reference.delegations import history_of
from apps.reference.models import REGIONAL, Registry
from apps.reference.names import port_label, region_label

DRAWN_PORTS = 8


@dataclass(frozen=True)
class Part:
    label: str
    url: str
    packets: str


@dataclass(frozen=True)
class RegionSince:
    label: str
    url: str
    since: str


@dataclass(frozen=True)
class DelegationLine:
    """One record of a registry's dated files: `since` is the first snapshot that has it, `until` the first without it."""

    region: str
    url: str
    since: str
    until: str
    registry: str
    addresses: str


@dataclass(frozen=True)
class NoteLine:
    author: str
    at: str
    text: str


@dataclass(frozen=True)
class SourcePage:
    address: str
    filters: FilterBar
    freshness: Freshness
    was_seen: bool
    packets: str
    first_seen: str
    last_seen: str
    sensors: int
    timeline: Figure
    ports: tuple[Part, ...]
    signatures: tuple[Part, ...]
    regions: tuple[RegionSince, ...]
    region_as_of: str
    delegations: tuple[DelegationLine, ...]
    origin: OriginLine | None
    holder: AddressInfo | None  # for own staff
    host: Later | None  # for own staff
    may_look_up: bool
    tickets: list[TicketRow]
    shows_tickets: bool
    open_ticket_url: str
    notes: tuple[NoteLine, ...]
    shows_notes: bool
    may_note: bool
    longest_note: int

    @property
    def bare_address(self) -> str:
        """As addresses of pages have it, without the length of a prefix."""
        return self.address.removesuffix("/64")


def source_page(view: View, address: str) -> SourcePage:
    view = view.of_sensors_only()
    found = queries.source_history(view.selection.scope, address, view.period)
    zone = view.period.zone
    holder = address_info(address, with_history=True) if view.user.is_own_staff else None
    return SourcePage(
        address=found.address,
        filters=filter_bar(view, with_units=False, with_scanners=False, can_compare=False),
        freshness=view.freshness,
        was_seen=found.packets > 0,
        packets=words.number(found.packets),
        first_seen=words.moment(found.first_seen, zone) if found.first_seen else "",
        last_seen=words.moment(found.last_seen, zone) if found.last_seen else "",
        sensors=found.sensors,
        timeline=_timeline(found, view),
        ports=tuple(_port(key, packets, view) for key, packets in found.ports),
        signatures=tuple(Part(signature_label(name), "", words.number(packets)) for name, packets in found.signatures),
        regions=tuple(RegionSince(region_label(code), _region_url(code, view), words.day(day)) for day, code in found.regions),
        region_as_of=captions.region_as_of(found.meta),
        delegations=_delegations(found.address, view),
        host=_host(found.address) if view.user.is_own_staff else None,
        origin=origin_line(view, found.address, _day_of(found, view), holder.network if holder else None),
        holder=holder,
        may_look_up=view.user.is_own_staff and view.user.has_role(*ASKERS),
        tickets=tickets_for_source(view.user, address),
        shows_tickets=may_read_tickets(view.user),
        open_ticket_url=_open_ticket_url(found, view),
        notes=tuple(_note(note, view) for note in sourcenotes.notes_on(view.user, address)),
        shows_notes=view.user.is_own_staff,
        may_note=sourcenotes.may_note(view.user),
        longest_note=sourcenotes.LONGEST,
    )


def _host(address: str) -> Later:
    return Later("host", _("Host profile"), with_query(reverse("enrichment:host"), {"address": address.removesuffix("/64")}))


def _day_of(found: SourceHistory, view: View) -> date:
    """The reporting day of the newest packet, else the last day of the period."""
    return local_day(found.last_seen, settings.REPORT_TIME_ZONE) if found.last_seen else last_day(view)


def _note(note: SourceNote, view: View) -> NoteLine:
    author = note.author.get_username() if note.author else "–"
    return NoteLine(author, words.moment(note.created_at, view.period.zone), note.text)


def _delegations(address: str, view: View) -> tuple[DelegationLine, ...]:
    """What the registries' files said of the address over time, a line for each change of region."""
    registries = (Registry.SCENARIO,) if view.selection.scope.is_scenario else REGIONAL
    lines: list[DelegationLine] = []
    for dated in history_of(address.removesuffix("/64"), registries):
        one = dated.record
        until = words.day(dated.until) if dated.until else ""
        lines.append(
            DelegationLine(
                region_label(one.region),
                _region_url(one.region, view),
                words.day(one.as_of),
                until,
                one.registry,
                f"{one.start} – {one.end}",
            )
        )
    return tuple(lines)


def _open_ticket_url(found: SourceHistory, view: View) -> str:
    """The form that opens a ticket on what is shown; '' for those who may not, and where nothing was observed."""
    if not (view.user.may_coordinate and found.packets):
        return ""
    ports = ",".join(key for key, _packets in found.ports[:DRAWN_PORTS])
    dates = {name: local_day(at, view.period.zone).isoformat() for name, at in (("from", view.period.start), ("to", view.period.end))}
    return with_query(reverse("coordination:open-ticket"), {"source": found.address.removesuffix("/64"), "port": ports, **dates})


def _port(key: str, packets: int, view: View) -> Part:
    link: Link = port_link(key, view)
    return Part(link.label, link.url, words.number(packets))


def _region_url(code: str, view: View) -> str:
    return view.url(reverse("portal:region", args=[code]))


def _timeline(found: SourceHistory, view: View) -> Figure:
    return series_figure(
        timeline_series(found, view),
        view,
        id="timeline",
        title=_("Packets from %(address)s by port") % {"address": found.address},
        kind="stacked",
        csv_url=view.url(reverse("portal:csv-timeline", args=[found.address.removesuffix("/64")])),
        in_explorer=False,
    )


def timeline_figure(view: View, address: str) -> Figure:
    """The figure of one address alone, for its CSV."""
    view = view.of_sensors_only()
    return _timeline(queries.source_history(view.selection.scope, address, view.period), view)


def timeline_series(found: SourceHistory, view: View) -> SeriesSet:
    """Packets a day for the busiest ports and one series for the rest; days without data are gaps, others are zero."""
    days = list(view.period.days())
    packets: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    drawn = [key for key, _packets in found.ports[:DRAWN_PORTS]]
    for cell in found.cells:
        packets[cell.port if cell.port in drawn else "other"][cell.day] += cell.packets
    missing = set(found.meta.missing_days)
    keys = drawn + (["other"] if "other" in packets else [])
    series = tuple(_series(key, packets[key], days, missing) for key in keys)
    return SeriesSet(Dimension.PORT, Bin.DAY, tuple(bins(view.period, Bin.DAY)), series, found.meta)


def _series(key: str, packets: dict[date, int], days: list[date], missing: set[date]) -> Series:
    label = _("other ports") if key == "other" else port_label(PortKey.parse(key))
    values = tuple(float(packets[day]) if day in packets else None if day in missing else 0.0 for day in days)
    return Series(key, label, values, float(sum(packets.values())))
