"""Which dated lists decide who is a survey scanner in a period: what a figure that leaves some out must say."""

from datetime import date, timedelta

from django.conf import settings

from apps.common.periods import local_day
from apps.observations.figures import DatedList, Scanners, Selection
from apps.observations.planning.reading import once
from apps.observations.planning.together import Read, Row
from apps.reference.scanners import LIST_HOLDS

_EPOCH = date(1970, 1, 1)
_LISTS = """
SELECT list_date - date '1970-01-01', convert_to(name, 'UTF8') FROM reference_scannerlist
WHERE list_date >= %s::date AND list_date <= %s::date
"""


def lists_of(selection: Selection) -> tuple[DatedList, ...]:
    """The lists in force on a day of the period, oldest first; none where survey scanners are not told apart. At most one query."""
    if selection.scanners is Scanners.INCLUDE:
        return ()
    zone, period = settings.REPORT_TIME_ZONE, selection.period
    first, last = local_day(period.start, zone), local_day(period.end - timedelta(microseconds=1), zone)
    return once(("scanner lists", first, last), Read(_LISTS, [first - LIST_HOLDS, last + LIST_HOLDS], 1, has_body=True), _lists)


def _lists(rows: list[Row]) -> tuple[DatedList, ...]:
    found = [DatedList(bytes(name).decode(), _EPOCH + timedelta(days=day)) for day, name in rows]
    return tuple(sorted(found, key=lambda one: (one.date, one.name)))
