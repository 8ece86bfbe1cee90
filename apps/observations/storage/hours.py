"""The hours of a reporting day: UTC clock hours, the first and last cut where the day begins or ends within one."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.common.periods import day_start, local_day

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR_US = 3_600_000_000


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """[start, end) of a reporting day, UTC."""
    zone = settings.REPORT_TIME_ZONE
    return day_start(day, zone), day_start(day + timedelta(days=1), zone)


def day_of(start: datetime) -> date:
    """The reporting day that begins at an instant."""
    return local_day(start, settings.REPORT_TIME_ZONE)


def hour_starts(day: date) -> list[datetime]:
    """Where the hours of a reporting day begin (UTC): 23 to 25 of them in zones a whole number of hours from UTC. Where
    midnight falls within a clock hour, that hour makes two parts, the last of one day and the first of the next."""
    start, end = day_bounds(day)
    starts, moment = [start], start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while moment < end:
        starts.append(moment)
        moment += timedelta(hours=1)
    return starts


def hour_lengths(day: date) -> list[int]:
    """Seconds of each hour of a reporting day."""
    lengths: list[int] = (np.diff(_edges_us(day, settings.REPORT_TIME_ZONE)) // 1_000_000).tolist()
    return lengths


@lru_cache(maxsize=4096)  # some ten years; questions about hours want every day of a period, most of them more than once
def _edges_us(day: date, zone: ZoneInfo) -> NDArray[np.int64]:
    """`hour_starts` and the end of the day in microseconds since 1970."""
    first, end = (microseconds(day_start(moment, zone)) for moment in (day, day + timedelta(days=1)))
    edges = np.concatenate([[first], np.arange(first // _HOUR_US * _HOUR_US + _HOUR_US, end, _HOUR_US), [end]])
    edges.flags.writeable = False
    return edges


def microseconds(moment: datetime) -> int:
    """Since 1970, exactly, of an aware instant."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def starts_us(day: date) -> NDArray[np.int64]:
    """`hour_starts` in microseconds since 1970."""
    return _edges_us(day, settings.REPORT_TIME_ZONE)[:-1]


def hour_and_minute(buckets_us: NDArray[np.int64], day: date) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Of instants of one reporting day (microseconds since 1970): hour index and minute of the UTC clock hour."""
    starts = starts_us(day)
    hour = np.searchsorted(starts, buckets_us, side="right") - 1
    return hour.astype(np.uint8), (buckets_us // 60_000_000 % 60).astype(np.uint8)
