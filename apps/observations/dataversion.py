"""Which state of the data a figure was computed from, for its caption and for the key of its cached answer."""

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import connection

from apps.common.periods import Period, local_day
from apps.observations.figures import Selection

KEEP_S = 12 * 3600
_LAYOUT = 1  # raise it when what is cached changes its shape

_VERSION = """
SELECT count(*), coalesce(sum(rolled_version), 0), max(rolled_at), max(region_as_of), coalesce(bool_or(region_as_of > day), false)
FROM observations_fill WHERE sensor_id = ANY(%s::bigint[]) AND day >= %s AND day <= %s
"""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class DataVersion:
    """`stamp` changes whenever a day of the period is rolled up anew."""

    stamp: str
    region_as_of: date | None
    is_older_than_snapshot: bool  # the oldest snapshot had to serve days before it


def data_version(selection: Selection, period: Period) -> DataVersion:
    """One query."""
    zone = settings.REPORT_TIME_ZONE
    first, last = local_day(period.start, zone), local_day(period.end - timedelta(microseconds=1), zone)
    with connection.cursor() as cursor:
        cursor.execute(_VERSION, [list(selection.scope.sensor_ids), first, last])
        count, versions, rolled_at, region_as_of, is_older = cursor.fetchone()
    return DataVersion(f"{count}:{versions}:{rolled_at}", region_as_of, is_older)


def remembered(selection: Selection, parts: tuple[Any, ...], compute: Callable[[], Answer]) -> Answer:
    """The answer to a question about a selection, from the cache where it was given before for the same sensors, filters
    and data. `parts` are all else it depends on, the data version among it."""
    key = _key(selection, parts)
    found: Answer | None = cache.get(key)
    if found is None:
        found = compute()
        cache.set(key, found, KEEP_S)
    return found


def _key(selection: Selection, parts: tuple[Any, ...]) -> str:
    whole = (_LAYOUT, selection.scope.cache_key, selection.period.start, selection.period.end, selection.period.zone.key,
             selection.ports, selection.regions, selection.signatures, selection.scanners, parts)  # fmt: skip
    return "figure:" + hashlib.sha256(pickle.dumps(whole)).hexdigest()
