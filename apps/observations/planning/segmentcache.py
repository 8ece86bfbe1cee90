"""Decoded segments of whole months, kept in the memory of this process while they are small and unchanged.

A page asks several questions about the same months. Decoding a month of nine sensors takes about 30 ms, looking
through it 3 ms. The key holds when its days were rolled up, so a day that is rolled up again is read again.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from threading import Lock

import numpy as np
from django.db import connection
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from apps.common.errors import ParameterError
from apps.common.periods import add_months
from apps.observations.storage import segments
from apps.observations.storage.columns import COLUMNS, Frame, length, take

MONTH_ROWS = 1_000_000  # larger months are read as they are asked for
TOTAL_ROWS = 3_000_000  # about 120 MB
MAX_ROWS = 20_000_000  # of one question

Keep = Callable[[Frame], NDArray[np.bool_]]
_Key = tuple[tuple[int, ...], date, int, int]
_frames: OrderedDict[_Key, Frame] = OrderedDict()
_lock = Lock()

_MONTHS = """
SELECT date_trunc('month', segment.day)::date,
       coalesce(sum(extract(epoch FROM fill.rolled_at) * 1000000), 0)::bigint, count(*), sum(segment.rows)::bigint,
       coalesce(sum(segment.rows) FILTER (WHERE segment.day = ANY(%(days)s)), 0)::bigint
FROM observations_segment AS segment LEFT JOIN observations_fill AS fill USING (sensor_id, day)
WHERE segment.sensor_id = ANY(%(sensors)s::bigint[]) AND segment.rows > 0
  AND segment.day >= %(first)s::date AND segment.day < %(end)s::date
GROUP BY 1 ORDER BY 1
"""


def frames(sensors: Sequence[int], days: Sequence[date], keep: Keep) -> list[Frame]:
    """The rows of these sensors and reporting days that `keep` chooses, a frame for each month. One query, and two
    more for each month that is not in memory. ParameterError where the segments hold too many rows to read at once."""
    if not days or not sensors:
        return []
    months = _months(sensors, days)
    if sum(wanted for *_rest, wanted in months) > MAX_ROWS:
        problem = _("the view needs more than %(max)d stored rows; shorten the period or choose fewer sensors")
        raise ParameterError("from", problem % {"max": MAX_ROWS})
    return [
        _month_frame(tuple(sensors), month, rolled, count, rows, _of_month(days, month), keep)
        for month, rolled, count, rows, wanted in months
        if wanted
    ]


def _month_frame(sensors: tuple[int, ...], month: date, rolled: int, count: int, rows: int, days: list[date], keep: Keep) -> Frame:
    if rows > MONTH_ROWS:
        return segments.read(sensors, days, keep=keep, max_rows=MAX_ROWS)
    frame = _cached((sensors, month, rolled, count))
    chosen = keep(frame)
    if len(days) < (add_months(month, 1) - month).days:
        chosen &= np.isin(frame["day"], np.array(days, "datetime64[D]"))
    return take(frame, chosen)


def _cached(key: _Key) -> Frame:
    with _lock:
        if key in _frames:
            _frames.move_to_end(key)
            return _frames[key]
    sensors, month = key[:2]
    days = [month + timedelta(days=offset) for offset in range((add_months(month, 1) - month).days)]
    frame = segments.read(sensors, days, COLUMNS)
    with _lock:
        _frames[key] = frame
        while sum(map(length, _frames.values())) > TOTAL_ROWS and len(_frames) > 1:
            _frames.popitem(last=False)
    return frame


def _months(sensors: Sequence[int], days: Sequence[date]) -> list[tuple[date, int, int, int, int]]:
    first, end = min(days).replace(day=1), add_months(max(days), 1)
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS, {"sensors": list(sensors), "days": list(days), "first": first, "end": end})
        return cursor.fetchall()


def _of_month(days: Sequence[date], month: date) -> list[date]:
    return [day for day in days if day.replace(day=1) == month]
