"""Parameters of pages and API calls, read into plain values: one parser, so that a link shows the same figure everywhere.

Every problem is a ParameterError that names the parameter. Dates without a zone are days of the reporting zone.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.common import regions, sourcekeys
from apps.common.errors import ParameterError
from apps.common.periods import Bin, Period, bins, day_start
from apps.common.ports import PortKey
from apps.observations import presets
from apps.observations.figures import Against, Dimension, Origin, Scanners, Selection, Unit
from apps.observations.models import Signature
from apps.observations.planning import fixedpanels
from apps.observations.planning.asks import Ask
from apps.observations.planning.freshness import newest_data, oldest_day
from apps.reference import portgroups
from apps.reference.names import is_region
from apps.sensors.queries import scope_for
from apps.sensors.scopes import SensorScope

SELECTION_NAMES = frozenset(
    {"from", "to", "period", "zone", "sensors", "fixed", "ports", "groups", "regions", "origin", "signatures", "scanners"}
)
DERIVED = (Dimension.KIND, Dimension.ORIGIN, Dimension.PANEL)
RANKING_DIMENSIONS = (Dimension.PORT, Dimension.REGION, Dimension.SENSOR, *DERIVED)
SERIES_SPLITS = (Dimension.NONE, Dimension.PORT, Dimension.REGION, Dimension.SENSOR, Dimension.SIGNATURE, *DERIVED)
MAX_LENGTH = 4000
MAX_VALUES = 200
MAX_LIMIT = 1000
MAX_TOP = 50
MAX_BINS = 9000  # a year of hours
MAX_SPAN = timedelta(days=3660)
_NUMBER = re.compile(r"[0-9]{1,6}")
_EARLIEST, _LATEST = date(1990, 1, 1), date(2200, 1, 1)

Choice = TypeVar("Choice", bound=StrEnum)
Value = TypeVar("Value")
Parameters = QueryDict | Mapping[str, str]


def selection_from(
    query: Parameters,
    user: User | AnonymousUser,
    *,
    others: Collection[str] = (),
    default_period: presets.Preset = presets.Preset.DAYS_30,
    scope: SensorScope | None = None,
) -> Selection:
    """What the parameters select for this user. `others` are the names that the caller itself understands;
    any further name is refused, so that a misspelt filter never silently shows everything. `scope` is the one of
    `sensors` where the caller knows it already. `prefix` is read where it is among `others`: lists of sources take it."""
    values = read(query, SELECTION_NAMES | frozenset(others))
    scope = scope or scope_for(user, values.get("sensors", "all"))
    zone = _zone(values)
    selection = Selection(
        scope=scope,
        period=_period(values, scope, zone, default_period),
        ports=_list("ports", values, PortKey.parse),
        groups=_list("groups", values, str),
        regions=_list("regions", values, _region),
        origin=optional_from(values, "origin", (Origin.DOMESTIC, Origin.FOREIGN)),
        signatures=_list("signatures", values, _signature),
        scanners=choice_from(values, "scanners", tuple(Scanners), Scanners.INCLUDE),
        prefix=_prefix(values.get("prefix", "")),
    )
    _require_groups(selection)
    _require_agreement(selection)
    return _with_fixed_panel(selection, _compared(values)) if flag_from(values, "fixed") else selection


def read(query: Parameters, allowed: Collection[str]) -> dict[str, str]:
    """The non-empty parameters by name; refuses unknown and repeated ones and control characters."""
    for name in query:
        if name not in allowed:
            known = ", ".join(sorted(allowed))
            raise ParameterError(_printable(name), _("unknown parameter; known are %(known)s") % {"known": known})
    return {name: text for name in query if (text := _single(query, name))}


def unit_from(query: Parameters, default: Unit = Unit.PACKETS) -> Unit:
    return choice_from(query, "unit", tuple(Unit), default)


def dimension_from(query: Parameters, default: Dimension = Dimension.PORT) -> Dimension:
    return choice_from(query, "dimension", RANKING_DIMENSIONS, default)


def split_from(query: Parameters, default: Dimension = Dimension.NONE) -> Dimension:
    return choice_from(query, "split", SERIES_SPLITS, default)


def bin_from(query: Parameters, period: Period, default: Bin | None = None) -> Bin:
    """The size of bins asked for, else `default`, else hours up to three days and days beyond."""
    fallback = default or (Bin.HOUR if period.end - period.start <= timedelta(days=3) else Bin.DAY)
    size = choice_from(query, "bin", tuple(Bin), fallback)
    shortest = {Bin.HOUR: timedelta(hours=1)}.get(size, timedelta(hours=23))
    if (period.end - period.start) / shortest > MAX_BINS or len(bins(period, size)) > MAX_BINS:
        raise ParameterError("bin", _("more than %(max)d bins; choose larger bins or a shorter period") % {"max": MAX_BINS})
    return size


def limit_from(query: Parameters, default: int = 10, largest: int = MAX_LIMIT) -> int:
    return number_from(query, "limit", default, largest)


def top_from(query: Parameters, default: int = 5) -> int:
    return number_from(query, "top", default, MAX_TOP)


def flag_from(query: Parameters, name: str) -> bool:
    """Whether `name` is true; absent is false."""
    text = _single(query, name).lower()
    if text not in {"", "true", "1", "false", "0"}:
        raise ParameterError(name, _("must be true or false"))
    return text in {"true", "1"}


def day_from(query: Parameters, name: str) -> date | None:
    """A day such as 2026-10-31, None where the parameter is absent."""
    text = _single(query, name)
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ParameterError(name, _("is not a day such as 2026-10-31")) from error
    if not _EARLIEST <= day <= _LATEST:
        raise ParameterError(name, _("lies outside 1990 to 2200"))
    return day


def number_from(query: Parameters, name: str, default: int, largest: int) -> int:
    """A number from 1 to `largest`."""
    text = _single(query, name)
    if not text:
        return default
    number = int(text) if _NUMBER.fullmatch(text) else 0
    if not 1 <= number <= largest:
        raise ParameterError(name, _("must be a number from 1 to %(max)d") % {"max": largest})
    return number


def values_from(query: Parameters, name: str, parse: Callable[[str], Value]) -> tuple[Value, ...]:
    """The comma-separated values of a parameter without repeats, in the order given."""
    return _list(name, {name: _single(query, name)}, parse)


def require_filters(query: Parameters, names: Iterable[str]) -> None:
    """Refuses texts that are no filters by these names, also where something else is going to take their place."""
    for name in names:
        values_from(query, name, _FILTERS.get(name, str))


def text_from(query: Parameters, name: str) -> str:
    """The text of a parameter without control characters, '' where absent."""
    return _single(query, name)


def optional_from(query: Parameters, name: str, allowed: tuple[Choice, ...]) -> Choice | None:
    """None where the parameter is absent."""
    return choice_from(query, name, allowed, allowed[0]) if _single(query, name) else None


def against_from(query: Parameters) -> Against | None:
    """What a period is to be compared with."""
    return optional_from(query, "compare", tuple(Against))


def choice_from(query: Parameters, name: str, allowed: tuple[Choice, ...], default: Choice) -> Choice:
    text = _single(query, name)
    if not text:
        return default
    for choice in allowed:
        if choice.value == text:
            return choice
    raise ParameterError(name, _("must be one of %(allowed)s") % {"allowed": ", ".join(choice.value for choice in allowed)})


# Single values


def _single(query: Parameters, name: str) -> str:
    texts = query.getlist(name) if isinstance(query, QueryDict) else [query[name]] if name in query else []
    if len(texts) > 1:
        raise ParameterError(_printable(name), _("given more than once; separate values by commas"))
    text = str(texts[0]).strip() if texts else ""
    if len(text) > MAX_LENGTH:
        raise ParameterError(name, _("longer than %(max)d characters") % {"max": MAX_LENGTH})
    if not text.isprintable():
        raise ParameterError(name, _("holds characters that cannot be printed"))
    return text


def _printable(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name[:60])


# Filters


def _list(name: str, values: Mapping[str, str], parse: Callable[[str], Value]) -> tuple[Value, ...]:
    """Comma-separated values without repeats, in the order given."""
    parts = [part.strip() for part in values.get(name, "").split(",") if part.strip()]
    if len(parts) > MAX_VALUES:
        raise ParameterError(name, _("more than %(max)d values") % {"max": MAX_VALUES})
    if values.get(name) and not parts:
        raise ParameterError(name, _("holds no value"))
    try:
        return tuple(dict.fromkeys(parse(part) for part in parts))
    except ValueError as error:
        raise ParameterError(name, str(error)) from error


def _prefix(text: str) -> sourcekeys.Prefix | None:
    try:
        return sourcekeys.read_prefix(text) if text else None
    except ValueError as error:
        raise ParameterError("prefix", str(error)) from error


def _require_groups(selection: Selection) -> None:
    if selection.groups:
        try:
            portgroups.chosen(selection.groups, selection.definitions_day)
        except ValueError as error:
            raise ParameterError("groups", str(error)) from error


def _require_agreement(selection: Selection) -> None:
    """Regions that are all of another origin would leave nothing, which looks like an answer."""
    regions_left = Ask(selection).regions
    if regions_left is not None and not regions_left:
        raise ParameterError("origin", _("none of the chosen regions is of this origin; leave out one of the two"))


def _compared(values: Mapping[str, str]) -> tuple[Against, ...]:
    """What the figure will also show: `values` hold only what the caller understands."""
    previous = (Against.PREVIOUS,) if "previous" in values and flag_from(values, "previous") else ()
    against = against_from(values) if "compare" in values else None
    return (*previous, *([against] if against else []))


def _with_fixed_panel(selection: Selection, compared: tuple[Against, ...]) -> Selection:
    periods = [selection.period, *(selection.against(other).period for other in compared)]
    return replace(selection, scope=fixedpanels.narrowed(selection.scope, periods), fixed_panel=True)


def _region(text: str) -> str:
    code = text.upper()
    regions.encode(code)
    if not is_region(code):
        raise ValueError(_("%(text)r is not a region that a registry uses") % {"text": text})
    return code


def _signature(text: str) -> Signature:
    for signature in Signature:
        if signature.label == text.lower():
            return signature
    raise ValueError(_("%(text)r is not a signature; known are %(known)s") % {"text": text, "known": ", ".join(Signature.labels)})


_FILTERS: Mapping[str, Callable[[str], object]] = {"ports": PortKey.parse, "regions": _region, "signatures": _signature}


# Time


def _zone(values: Mapping[str, str]) -> ZoneInfo:
    name = values.get("zone")
    if not name:
        return settings.REPORT_TIME_ZONE
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ParameterError("zone", _("is not a zone of the tz database; write Asia/Tokyo or UTC")) from error


def _period(values: Mapping[str, str], scope: SensorScope, zone: ZoneInfo, default: presets.Preset) -> Period:
    if values.get("period") and (values.get("from") or values.get("to")):
        raise ParameterError("period", _("give either a period or from and to"))
    if not (values.get("from") or values.get("to")):
        preset = choice_from(values, "period", tuple(presets.Preset), default)
        oldest = oldest_day(scope) if preset is presets.Preset.ALL else None
        return presets.period_of(preset, newest_data(scope).newest, zone, oldest)
    start, end = (_moment(name, values[name], zone) if values.get(name) else None for name in ("from", "to"))
    if end is None:
        end = newest_data(scope).newest or datetime.now(UTC)
    if start is None:
        raise ParameterError("from", _("is needed where to is given"))
    return _checked(Period(start, end, zone))


def _checked(period: Period) -> Period:
    if period.end <= period.start:
        raise ParameterError("to", _("must lie after from; from is inclusive, to exclusive"))
    if period.end - period.start > MAX_SPAN:
        raise ParameterError("from", _("more than %(days)d days before to") % {"days": MAX_SPAN.days})
    return period


def _moment(name: str, text: str, zone: ZoneInfo) -> datetime:
    """An instant (UTC) from an ISO date (a day of `zone`) or an ISO datetime with its zone, at a full hour."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _full_hour(name, text)
    if not _EARLIEST <= day <= _LATEST:
        raise ParameterError(name, _("lies outside 1990 to 2200"))
    return day_start(day, zone)


def _full_hour(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ParameterError(name, _("is not an ISO date or datetime such as 2026-10-01 or 2026-10-01T09:00:00%2B09:00")) from error
    if moment.tzinfo is None:
        raise ParameterError(name, _("a time needs a zone, such as Z or %2B09:00; a date alone is a day of the reporting zone"))
    if not _EARLIEST <= moment.date() <= _LATEST:
        raise ParameterError(name, _("lies outside 1990 to 2200"))
    moment = moment.astimezone(UTC)
    if moment.minute or moment.second or moment.microsecond:
        raise ParameterError(name, _("must be a full hour, the finest bin that is kept"))
    return moment
