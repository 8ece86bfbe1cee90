"""When to search: after a rollup, for the newest day that is over, once for the same counts."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from django.db import connection

from apps.analysis.changes import searching
from apps.analysis.changes.curves import WINDOW, span
from apps.analysis.changes.keeping import Kept, keep
from apps.analysis.models import ChangeSearch
from apps.observations import queries
from apps.observations.counting.staleness import has_uncounted_days
from apps.observations.planning import watch
from apps.sensors.queries import network_scope
from apps.sensors.scopes import SensorScope

SETS = ("all", "scenario")
STEP = timedelta(days=7)
_LOCK = 0x7453_0010  # arbitrary, but it must stay


def search_if_due(sensors: str) -> Kept | None:
    """Search as of the newest full day, unless that was done of the very same counts, or is being done. Not while days of the window have
    never been counted: what was found before would seem to be gone."""
    with _alone() as held:
        scope = network_scope(sensors)
        day = queries.usual(scope).day if held and scope.sensor_ids else None
        if day is None:
            return None
        if has_uncounted_days(scope.sensor_ids, day - timedelta(days=WINDOW - 1), day):
            return None
        stamp = _stamp(scope, day)
        if ChangeSearch.objects.filter(sensors=sensors, as_of=day, stamp=stamp).exists():
            return None
        kept = _search(scope, day)
        ChangeSearch.objects.update_or_create(sensors=sensors, defaults={"as_of": day, "stamp": stamp})
    return kept


def search_span(sensors: str, first: date, last: date) -> Iterator[tuple[date, Kept]]:
    """Search a past span week by week, as it would have been searched then; what is there already is brought up to date."""
    scope = network_scope(sensors)
    with _alone(wait=True):
        day = min(first + STEP - timedelta(days=1), last)
        while True:
            yield day, _search(scope, day)
            if day >= last:
                return
            day = min(day + STEP, last)


def _search(scope: SensorScope, day: date) -> Kept:
    return keep(searching.find(scope, day), scope.label, day)


def _stamp(scope: SensorScope, day: date) -> str:
    """Changes when a day of the window is rolled up anew."""
    return watch.sensor_days(scope.sensor_ids, span(day - timedelta(days=WINDOW - 1), day)).stamp


@contextmanager
def _alone(*, wait: bool = False) -> Iterator[bool]:
    """Nobody else searches meanwhile; yields False where somebody does and `wait` is not set."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {'pg_advisory_lock' if wait else 'pg_try_advisory_lock'}(%s)", [_LOCK])
        (held,) = cursor.fetchone()
    try:
        yield held is not False
    finally:
        if held is not False and connection.is_usable():  # a lost connection has lost its locks
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
