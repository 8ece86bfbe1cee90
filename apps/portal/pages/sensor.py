"""One sensor: what it sees, whether it watches, and what it says of itself."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import Role
from apps.observations import queries
from apps.observations.figures import Dimension, Freshness
from apps.observations.planning.captures import Capture
from apps.portal import words
from apps.portal.downloads import ranking_csv
from apps.portal.figures import Figure
from apps.portal.filters import FilterBar, filter_bar, of_one_sensor
from apps.portal.pages.coverage import Month, months
from apps.portal.pages.exclusions import ExclusionLine, exclusion_line
from apps.portal.pages.parts import trend_of
from apps.portal.pages.sensors import HEALTHS, newest_packet
from apps.portal.state import View
from apps.portal.summary import Fact
from apps.portal.tables import RankTable, rank_table
from apps.reference.names import region_label
from apps.sensors.models import SensorKey
from apps.sensors.queries import Health, SensorRow

TOP_PORTS = 10


@dataclass(frozen=True)
class KeyLine:
    """A key, of which only the first letters are known to anybody."""

    prefix: str
    name: str
    may_import: bool
    created: str
    last_used: str
    state: str


@dataclass(frozen=True)
class SensorPage:
    row: SensorRow
    place: str
    health: str
    filters: FilterBar
    freshness: Freshness
    facts: tuple[Fact, ...]
    trend: Figure
    ports: RankTable
    months: tuple[Month, ...]
    zone: str
    exclusions: tuple[ExclusionLine, ...]
    keys: tuple[KeyLine, ...]
    shows_keys: bool
    exclusives_url: str
    sources_url: str


def sensor_page(view: View, row: SensorRow, has_others: bool) -> SensorPage:
    """`view` is of this sensor alone; `has_others` says whether the viewer may see any further ones."""
    trend, ports, capture = queries.together(
        lambda: trend_of(view, str(row.id), row.label, _("%(sensor)s: trend") % {"sensor": row.label}),
        lambda: queries.ranking(view.selection, Dimension.PORT, view.unit, TOP_PORTS, previous=True),
        lambda: queries.capture_of(row.id, view.period),
    )
    calendar = queries.coverage_calendar([row.id], view.period)
    (watched,) = calendar.sensors
    shows_keys = view.user.is_own_staff and view.user.has_role(Role.ADMIN)
    table = rank_table(
        ports, view, id="ports", title=_("%(sensor)s: destination ports") % {"sensor": row.label}, csv_url=ranking_csv(view, Dimension.PORT)
    )
    return SensorPage(
        row=row,
        place=" · ".join((region_label(row.country), _("overseas") if row.is_overseas else _("domestic"), row.line_type)),
        health=str(HEALTHS[row.health]),
        filters=of_one_sensor(filter_bar(view, with_bins=True)),
        freshness=view.freshness,
        facts=tuple(_facts(row, view, capture, watched.covered_days, watched.active_days)),
        trend=trend.figure,
        ports=replace(table, shows_sensors=False),
        months=tuple(months(calendar, {row.id: row.label}, view)),
        zone=words.zone(view.period.zone.key),
        exclusions=tuple(exclusion_line(one) for one in queries.exclusions(view.user, sensor_id=row.id)),
        keys=tuple(_keys(row.id, view)) if shows_keys else (),
        shows_keys=shows_keys,
        exclusives_url=view.url(reverse("portal:only-these-sensors")) if has_others else "",
        sources_url=view.sources_url(),
    )


def _facts(row: SensorRow, view: View, capture: Capture, covered: int, active: int) -> Iterator[Fact]:
    seen = words.moment(row.last_seen_at, view.period.zone) if row.last_seen_at else "–"
    yield Fact(_("State"), str(HEALTHS[row.health]), _("last report: %(moment)s") % {"moment": seen})
    yield Fact(_("Newest packet"), newest_packet(row, view), _("age (lag)") if row.lag and row.health is not Health.ARCHIVE else "")
    days = _("%(covered)d of %(days)d days covered") % {"covered": covered, "days": active}
    yield Fact(_("Coverage"), words.percent(covered / active) if active else "–", days)
    yield Fact(_("Lost by the capture"), words.percent(capture.loss), _lost(capture))
    yield Fact(_("Program"), capture.agent or "–", _spool(capture))


def _lost(capture: Capture) -> str:
    if capture.loss is None:
        return _("the sensor does not count them")
    numbers = {"dropped": words.number(capture.dropped), "all": words.number(capture.received + capture.dropped)}
    text = _("%(dropped)s of %(all)s packets") % numbers
    sampled = (capture.sampling or 1) > 1
    return text + (_(", one packet in %(n)s looked at") % {"n": words.number(capture.sampling)} if sampled else "")


def _spool(capture: Capture) -> str:
    if capture.spooled is None:
        return _("no heartbeat so far") if capture.heartbeat_at is None else ""
    return ngettext("%(count)d batch waits to be sent", "%(count)d batches wait to be sent", capture.spooled) % {"count": capture.spooled}


def _keys(sensor: int, view: View) -> Iterator[KeyLine]:
    for key in SensorKey.objects.filter(sensor=sensor).order_by("-created"):
        used = words.moment(key.last_used_at, view.period.zone) if key.last_used_at else "–"
        state = _("revoked") if key.revoked else _("expired") if key.has_expired else _("valid")
        yield KeyLine(key.prefix, key.name, key.may_import, words.moment(key.created, view.period.zone), used, state)
