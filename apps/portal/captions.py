"""Titles and captions: everything a reader needs to judge or quote a figure, in words."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.observations.figures import FigureMeta, Freshness, Scanners, Selection, Unit
from apps.portal import words


def full_title(title: str, selection: Selection) -> str:
    """A filter that is on is in the title."""
    filters = [str(words.SIGNATURES[signature]) for signature in selection.signatures]
    if selection.scope.label != "all":
        filters.append(str(words.SENSOR_SETS[selection.scope.label]))
    if selection.scanners is not Scanners.INCLUDE:
        filters.append(str(words.SCANNERS[selection.scanners]))
    return f"{title} ({_(', ').join(filters)})" if filters else title


def caption(meta: FigureMeta, *, names_signatures: bool = False) -> tuple[str, ...]:
    """One phrase each: period and zone, unit and denominator, sensors, what is left out, gaps, region date, freshness."""
    parts = [
        _("Period: %(period)s (%(zone)s)") % {"period": words.period(meta.period), "zone": words.zone(meta.zone)},
        _("Unit: %(unit)s") % {"unit": words.UNITS[meta.unit]} + _denominator(meta),
        _sensors(meta),
        "" if names_signatures else _("without backscatter, bogon sources and canary packets"),
        _gaps(meta),
        _as_of(meta),
        _freshness(meta.freshness, meta),
    ]
    return tuple(part for part in parts if part)


def _denominator(meta: FigureMeta) -> str:
    if meta.unit in {Unit.SOURCES, Unit.PACKETS_PER_SOURCE}:
        return _(", sources distinct over the period, IPv6 by /64")
    if meta.denominator is None:
        return ""
    return _(", over %(days)s covered sensor-days") % {"days": words.number(meta.denominator)}


def _sensors(meta: FigureMeta) -> str:
    name = str(words.SENSOR_SETS.get(meta.sensor_set, meta.sensor_set))
    return ngettext("%(set)s (%(count)d)", "%(set)s (%(count)d)", meta.sensor_count) % {"set": name, "count": meta.sensor_count}


def _gaps(meta: FigureMeta) -> str:
    parts = []
    if meta.missing_days:
        parts.append(_("No data: %(days)s") % {"days": words.some_days(meta.missing_days)})
    if meta.partial_days:
        parts.append(_("Partly no data: %(days)s") % {"days": words.some_days(meta.partial_days, most=3)})
    return _("; ").join(parts)


def _as_of(meta: FigureMeta) -> str:
    if meta.region_as_of is None:
        return ""
    text = _("Region as of %(day)s (RIR delegation data)") % {"day": words.day(meta.region_as_of)}
    return text + _(", the oldest there is") if meta.region_is_older_than_snapshot else text


def _freshness(state: Freshness, meta: FigureMeta) -> str:
    if state.rolled_at is None:
        return _("Nothing counted yet")
    text = _("Counted %(moment)s") % {"moment": words.moment(state.rolled_at, meta.period.zone)}
    if not state.stale_days:
        return text
    return text + ngettext(", %(days)d day being recounted", ", %(days)d days being recounted", state.stale_days) % {
        "days": state.stale_days
    }
