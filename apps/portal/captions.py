"""Titles and captions: everything a reader needs to judge or quote a figure, in words."""

import re

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.observations.figures import ExcludedPort, FigureMeta, Freshness, Scanners, Unit
from apps.portal import words
from apps.portal.state import View
from apps.reference import portgroups
from apps.reference.names import port_label, region_label

# More names than this would bury what the figure is about; the rest is counted.
MOST_NAMED = 4
MOST_OF_FILE_NAME = 80


def full_title(title: str, view: View) -> str:
    """A filter that is on is in the title; that of the page itself (the port of a port page) `title` already says."""
    chosen = view.selection
    filters = [] if "ports" in view.fixed else _some([port_label(port) for port in chosen.ports])
    filters += _some([group.name for group in portgroups.chosen(chosen.groups, chosen.definitions_day)])
    filters += [] if "regions" in view.fixed else _some([region_label(code) for code in chosen.regions])
    filters += [str(words.ORIGINS[chosen.origin])] if chosen.origin else []
    filters += [str(chosen.prefix)] if chosen.prefix else []
    filters += _some([str(words.SIGNATURES[signature]) for signature in chosen.signatures])
    filters += [] if "sensors" in view.fixed else _some(view.sensor_names)
    filters += [_("fixed panel")] if chosen.fixed_panel else []
    if chosen.scanners is not Scanners.INCLUDE:
        filters.append(str(words.SCANNERS[chosen.scanners]))
    return _("%(title)s (%(filters)s)") % {"title": title, "filters": _(", ").join(filters)} if filters else title


def _some(names: list[str]) -> list[str]:
    """At most MOST_NAMED of the names, and how many more there are."""
    if len(names) <= MOST_NAMED:
        return names
    return [*names[: MOST_NAMED - 1], _("%(count)d more") % {"count": len(names) - MOST_NAMED + 1}]


def file_name(title: str) -> str:
    """The title's letters and digits, of any script, with dashes between: what a downloaded CSV or PNG is called."""
    return re.sub(r"[\W_]+", "-", title)[:MOST_OF_FILE_NAME].strip("-") or "figure"


def caption(meta: FigureMeta) -> tuple[str, ...]:
    """One phrase each: period and zone, unit and denominator, sensors, what is left out, gaps, region date, freshness."""
    parts = [
        _("Period: %(period)s (%(zone)s)") % {"period": words.period(meta.period), "zone": words.zone(meta.zone)},
        _("Unit: %(unit)s") % {"unit": words.UNITS[meta.unit]} + _denominator(meta),
        _sensors(meta),
        "" if {"signatures", "excluded"} & meta.filters.keys() else _("without backscatter, bogon sources and canary packets"),
        _scanners(meta),
        _exclusions(meta),
        _gaps(meta),
        region_as_of(meta),
        _freshness(meta.freshness, meta),
    ]
    return tuple(part for part in parts if part)


def _scanners(meta: FigureMeta) -> str:
    """Which lists told survey scanners apart, where the figure leaves some out."""
    if "scanners" not in meta.filters:
        return ""
    if not meta.scanner_lists:
        return _("no list of survey scanners covers the period: none are told apart")
    names = _some([f"{one.name} ({words.day(one.date)})" for one in meta.scanner_lists])
    return _("survey scanners by %(lists)s") % {"lists": _(", ").join(names)}


def _exclusions(meta: FigureMeta) -> str:
    """What exclusions keep out, with the way to it; or that it alone is shown."""
    if "excluded" in meta.filters:
        return _("only what is excluded from the statistics")
    if not meta.exclusions:
        return ""
    names = _some([f"{port_label(one.port)} ({_span(one)})" for one in meta.exclusions])
    text = _("excluded at some sensors: %(ports)s") % {"ports": _(", ").join(names)}
    return format_html('<a href="{}">{}</a>', reverse("portal:exclusions"), text)


def _span(one: ExcludedPort) -> str:
    return words.days(one.first_day, one.last_day) if one.last_day else _("since %(day)s") % {"day": words.day(one.first_day)}


def _denominator(meta: FigureMeta) -> str:
    if meta.unit in {Unit.SOURCES, Unit.PACKETS_PER_SOURCE}:
        return _(", sources distinct over the period, IPv6 by /64")
    if meta.denominator is None:
        return ""
    return _(", over %(days)s covered sensor-days") % {"days": words.number(meta.denominator)}


def _sensors(meta: FigureMeta) -> str:
    name = str(words.SENSOR_SETS.get(meta.sensor_set, meta.sensor_set))
    text = ngettext("%(set)s (%(count)d)", "%(set)s (%(count)d)", meta.sensor_count) % {"set": name, "count": meta.sensor_count}
    return text + _(", only those covered on every day (fixed panel)") if "fixed" in meta.filters else text


def _gaps(meta: FigureMeta) -> str:
    parts = []
    if meta.missing_days:
        parts.append(_("No data: %(days)s") % {"days": words.some_days(meta.missing_days)})
    if meta.partial_days:
        parts.append(_("Partly no data: %(days)s") % {"days": words.some_days(meta.partial_days, most=3)})
    return _("; ").join(parts)


def region_as_of(meta: FigureMeta) -> str:
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
