"""Decoded segments of whole months, kept in the memory of this process while they are small and unchanged.

A page asks several questions about the same months. Decoding a month of nine sensors takes about 30 ms, looking
through it 3 ms. The key holds when its days were rolled up, so a day that is rolled up again is read again.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from apps.common.errors import ParameterError
from apps.common.periods import add_months
from apps.common.recentlyused import RecentlyUsed
from apps.observations.planning.together import Read, fetch
from apps.observations.storage import segments
from apps.observations.storage.columns import COLUMNS, Frame, length, take
from apps.observations.storage.segments import TooManyRowsError

MONTH_ROWS = 1_000_000  # larger months are read as they are asked for
MAX_ROWS = 20_000_000  # of one question
UNCOUNTED_SENSOR_DAYS = 1000  # so few cannot hold too many rows

Keep = Callable[[Frame], NDArray[np.bool_]]
_Key = tuple[tuple[int, ...], date, int, int]
kept: RecentlyUsed[_Key, Frame] = RecentlyUsed(3_000_000, length)  # rows; about 120 MB
forget = kept.forget
_EPOCH = date(1970, 1, 1)

_MONTHS = """
SELECT date_trunc('month', segment.day)::date - date '1970-01-01',
       coalesce(sum(extract(epoch FROM fill.rolled_at) * 1000000), 0)::bigint, count(*), sum(segment.rows)::bigint,
       coalesce(sum(segment.rows) FILTER (WHERE segment.day = ANY(%s)), 0)::bigint
FROM observations_segment AS segment LEFT JOIN observations_fill AS fill USING (sensor_id, day)
WHERE segment.sensor_id = ANY(%s::bigint[]) AND segment.rows > 0
  AND segment.day >= %s::date AND segment.day < %s::date
GROUP BY 1
"""


_SENSOR_DAYS = """
SELECT segment.sensor_id, segment.day - date '1970-01-01', {value} FROM observations_segment AS segment
JOIN unnest(%s::bigint[], %s::date[]) AS wanted(sensor_id, day) USING (sensor_id, day) WHERE segment.rows > 0
"""


def of_sensor_days(sensors: Sequence[int], days: Sequence[date], keep: Keep) -> list[Frame]:
    """The rows of these pairs of sensor and reporting day that `keep` chooses, a frame for each. One query, or two where
    there are so many that their rows have to be counted first."""
    if not sensors:
        return []
    if len(sensors) > UNCOUNTED_SENSOR_DAYS:
        rows = fetch(Read(_SENSOR_DAYS.format(value="segment.rows::bigint"), [list(sensors), list(days)], 3))
        _require_few(sum(count for *_key, count in rows))
    found = fetch(Read(_SENSOR_DAYS.format(value="segment.body"), [list(sensors), list(days)], 2, has_body=True))
    columns = list(COLUMNS)
    return [segments.decode_row(sensor, _EPOCH + timedelta(days=day), bytes(body), columns, keep) for sensor, day, body in found]


def _require_few(rows: int, max_rows: int | None = None) -> None:
    if max_rows is not None and rows > max_rows:
        raise TooManyRowsError(f"{rows} rows")
    if rows > MAX_ROWS and max_rows is None:
        raise too_many(MAX_ROWS)


def too_many(rows: int) -> ParameterError:
    problem = _("the view needs more than %(max)d stored rows; shorten the period or choose fewer sensors")
    return ParameterError("from", problem % {"max": rows})


def frames(sensors: Sequence[int], days: Sequence[date], keep: Keep, max_rows: int | None = None) -> list[Frame]:
    """The rows of these sensors and reporting days that `keep` chooses, a frame for each month. One query, and one
    more for all the months that are not in memory; large months take one each. Where the segments hold too many rows to
    read at once, ParameterError, or TooManyRowsError with a `max_rows` of one's own."""
    if not days or not sensors:
        return []
    months = _months(sensors, days)
    _require_few(sum(wanted for *_rest, wanted in months), max_rows)
    small = _decoded(
        [(tuple(sensors), month, rolled, count) for month, rolled, count, rows, wanted in months if wanted and rows <= MONTH_ROWS]
    )
    return [
        _days_of(small[month], month, _of_month(days, month), keep)
        if month in small
        else segments.read(sensors, _of_month(days, month), keep=keep, max_rows=None)
        for month, *_state, wanted in months
        if wanted
    ]


def _days_of(frame: Frame, month: date, days: list[date], keep: Keep) -> Frame:
    chosen = keep(frame)
    if len(days) < (add_months(month, 1) - month).days:
        chosen &= np.isin(frame["day"], np.array(days, "datetime64[D]"))
    return take(frame, chosen)


def _decoded(keys: list[_Key]) -> dict[date, Frame]:
    """The rows of small months, in memory from now on. A dictionary of its own, since others may push months out."""
    found = {key[1]: frame for key in keys if (frame := kept.find(key)) is not None}
    missing = [key for key in keys if key[1] not in found]
    if missing:
        found |= _read(missing)
    return found


def _read(keys: list[_Key]) -> dict[date, Frame]:
    days = [month + timedelta(days=offset) for _sensors, month, *_state in keys for offset in range((add_months(month, 1) - month).days)]
    frame = segments.read(keys[0][0], days, COLUMNS, max_rows=None)
    months = frame["day"].astype("datetime64[M]")
    found = {key[1]: take(frame, months == np.datetime64(key[1], "M")) for key in keys}
    for key in keys:
        kept.keep(key, found[key[1]])
    return found


def _months(sensors: Sequence[int], days: Sequence[date]) -> list[tuple[date, int, int, int, int]]:
    """(month, when it was rolled up, segments, rows, rows of the days wanted), in order."""
    first, end = min(days).replace(day=1), add_months(max(days), 1)
    rows = fetch(Read(_MONTHS, [list(days), list(sensors), first, end], 5))
    return sorted((_EPOCH + timedelta(days=number), *state) for number, *state in rows)


def _of_month(days: Sequence[date], month: date) -> list[date]:
    return [day for day in days if day.replace(day=1) == month]
