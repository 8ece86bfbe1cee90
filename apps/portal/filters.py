"""The filter bar above every analysis page: a plain form whose whole state is the address."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from apps.common.periods import local_day
from apps.observations import presets
from apps.portal import words
from apps.portal.state import View
from apps.reference import portgroups
from apps.reference.names import port_label, region_label
from apps.sensors.models import Sensor
from apps.sensors.queries import SETS, sensor_labels

FRESH_ENOUGH = timedelta(days=2)
# What the form shows is not carried along; everything else of the view is, so that a page without it loses nothing.
CARRIED = ("ports", "groups", "regions", "origin", "signatures", "limit", "zone", "scale")


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class PresetLink:
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class Chip:
    """A filter that is on, and the link that takes it off."""

    label: str
    url: str


@dataclass(frozen=True)
class FilterBar:
    """Ready to show: the links of presets, the choices of each select, and what the form must carry along."""

    action: str
    presets: tuple[PresetLink, ...]
    first_day: str
    last_day: str
    period_text: str
    newest_note: str
    sensor_sets: tuple[Choice, ...]
    sensors: tuple[Choice, ...]
    units: tuple[Choice, ...]
    bins: tuple[Choice, ...]
    scanners: tuple[Choice, ...]
    comparisons: tuple[Choice, ...]
    is_fixed: bool
    can_fix: bool  # readers of sums alone may not leave out single sensors
    carried: tuple[tuple[str, str], ...]
    chips: tuple[Chip, ...]
    is_scenario: bool  # the figures are of generated flows


def filter_bar(
    view: View,
    *,
    with_bins: bool = False,
    with_units: bool = True,
    with_scanners: bool = True,
    can_compare: bool = True,
    also_shown: tuple[str, ...] = (),
) -> FilterBar:
    """Where there are bins, sensors may be narrowed to a fixed panel. `also_shown` are parameters that the page adds to the form itself."""
    shown = {"unit": with_units, "bin": with_bins, "scanners": with_scanners, "compare": can_compare, "previous": can_compare}
    shown |= {"fixed": with_bins} | dict.fromkeys(also_shown, True)
    carried = [name for name in (*CARRIED, *view.own, *shown) if not shown.get(name)]
    last = view.period.end - timedelta(microseconds=1)
    sensors = list(Sensor.objects.visible_to(view.user).only("pk", "name", "organisation_id", "is_overseas", "is_scenario"))
    return FilterBar(
        action=view.path,
        presets=tuple(_presets(view)),
        first_day=local_day(view.period.start, view.period.zone).isoformat(),
        last_day=local_day(last, view.period.zone).isoformat(),
        period_text=words.period(view.period),
        newest_note=_newest_note(view),
        sensor_sets=tuple(_sensor_sets(view, any(sensor.is_scenario for sensor in sensors))),
        sensors=tuple(_sensors(view, sensors)),
        units=tuple(Choice(unit, str(label), unit is view.unit) for unit, label in words.UNITS.items()) if with_units else (),
        bins=tuple(Choice(size, str(label), size is view.bin) for size, label in words.BINS.items()) if with_bins else (),
        scanners=tuple(_scanners(view)) if with_scanners else (),
        comparisons=tuple(_comparisons(view)) if can_compare else (),
        is_fixed=view.selection.fixed_panel,
        can_fix=with_bins and not view.selection.scope.is_aggregate_only,
        carried=tuple((name, value) for name in carried if (value := view.query.get(name))),
        chips=tuple(_chips(view)),
        is_scenario=view.selection.scope.is_scenario,
    )


def of_one_sensor(bar: FilterBar) -> FilterBar:
    """Of a page about one sensor, where no others can be chosen."""
    return replace(bar, sensor_sets=(), sensors=())


def _presets(view: View) -> Iterator[PresetLink]:
    current = view.query.get("period") or ("" if view.query.get("from") else presets.Preset.DAYS_30)
    for preset, label in presets.LABELS.items():
        yield PresetLink(str(label), view.url_here(period=preset, **{"from": "", "to": ""}), preset == current)


def _newest_note(view: View) -> str:
    newest = view.freshness.newest
    if newest is None or datetime.now(UTC) - newest < FRESH_ENOUGH:
        return ""
    last = words.day(local_day(newest - timedelta(microseconds=1), view.period.zone))
    return _("Periods count back from %(day)s, the newest day with observations.") % {"day": last}


def _sensor_sets(view: View, has_scenario: bool) -> Iterator[Choice]:
    chosen = view.query.get("sensors") or "all"
    for name in SETS[False] + (SETS[True] if has_scenario and view.user.is_own_staff else ()):
        yield Choice(name, str(words.SENSOR_SETS[name]), name == chosen)
    if "," in chosen:
        yield Choice(chosen, _("chosen sensors (%(count)d)") % {"count": chosen.count(",") + 1}, True)


def _sensors(view: View, sensors: list[Sensor]) -> Iterator[Choice]:
    """Single sensors, where the viewer may look at them one by one."""
    labels = sensor_labels(sensors, view.user)
    for sensor in sensors:
        name = (
            _("%(title)s (%(filters)s)") % {"title": labels[sensor.pk], "filters": _("scenario")}
            if sensor.is_scenario
            else labels[sensor.pk]
        )
        yield Choice(str(sensor.pk), name, view.query.get("sensors") == str(sensor.pk))


def _scanners(view: View) -> Iterator[Choice]:
    for choice, label in words.SCANNERS.items():
        yield Choice(choice, str(label), choice is view.selection.scanners)


def _comparisons(view: View) -> Iterator[Choice]:
    yield Choice("", _("nothing"), view.against is None)
    for choice, label in words.COMPARISONS.items():
        yield Choice(choice, str(label), choice is view.against)


def _chips(view: View) -> Iterator[Chip]:
    chosen = view.selection
    for port in () if "ports" in view.fixed else chosen.ports:
        yield Chip(port_label(port), view.url_here(ports=_without(chosen.ports, port)))
    for code in () if "regions" in view.fixed else chosen.regions:
        yield Chip(region_label(code), view.url_here(regions=_without(chosen.regions, code)))
    for group in portgroups.chosen(chosen.groups, chosen.definitions_day):
        yield Chip(group.name, view.url_here(groups=_without(chosen.groups, group.slug)))
    if chosen.origin:
        yield Chip(str(words.ORIGINS[chosen.origin]), view.url_here(origin=""))
    if chosen.prefix:
        yield Chip(str(chosen.prefix), view.url_here(prefix=""))
    if chosen.fixed_panel:
        yield Chip(_("fixed panel"), view.url_here(fixed=""))
    names = tuple(signature.label for signature in chosen.signatures)
    for signature in chosen.signatures:
        yield Chip(str(words.SIGNATURES[signature]), view.url_here(signatures=_without(names, signature.label)))


def _without(values: tuple[object, ...], value: object) -> str:
    return ",".join(str(other) for other in values if other != value)
