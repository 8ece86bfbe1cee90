"""Which exclusions touch a figure: those of its sensors and ports that hold on a day of its period."""

from datetime import date, timedelta

from django.conf import settings

from apps.common.periods import local_day
from apps.common.ports import PortKey
from apps.observations.figures import ExcludedPort, Selection
from apps.observations.planning.asks import Ask
from apps.observations.planning.keys import port_code
from apps.observations.planning.reading import once
from apps.observations.planning.together import Read, Row

_EPOCH = date(1970, 1, 1)
_EXCLUSIONS = """
SELECT protocol, port, first_day - date '1970-01-01', last_day - date '1970-01-01' FROM sensors_exclusion
WHERE sensor_id = ANY(%s::bigint[]) AND first_day <= %s::date AND coalesce(last_day, 'infinity') >= %s::date
"""


def exclusions_of(selection: Selection) -> tuple[ExcludedPort, ...]:
    """In order of port and day, without saying at which sensors. At most one query."""
    zone, period = settings.REPORT_TIME_ZONE, selection.period
    first, last = local_day(period.start, zone), local_day(period.end - timedelta(microseconds=1), zone)
    ids = list(selection.scope.sensor_ids)
    known = once(("exclusions", tuple(ids), first, last), Read(_EXCLUSIONS, [ids, last, first], 4), _exclusions)
    ports = Ask(selection).ports if known else None
    return known if ports is None else tuple(one for one in known if port_code(one.port) in ports)


def _exclusions(rows: list[Row]) -> tuple[ExcludedPort, ...]:
    return tuple(
        ExcludedPort(PortKey(protocol, port), _day(first), None if last is None else _day(last))
        for protocol, port, first, last in sorted(set(rows), key=lambda row: (row[0], row[1], row[2], row[3] or 0))
    )


def _day(number: int) -> date:
    return _EPOCH + timedelta(days=number)
