"""Raises the marks of days whose labels changed although their flows did not, so that rollup does them again."""

from collections.abc import Callable
from datetime import date, timedelta

from django.db import connection, transaction

from apps.accounts.models import User
from apps.observations.models import Mark
from apps.observations.storage.marks import raise_marks
from apps.reference import scanner_lists
from apps.reference.models import ScannerList
from apps.reference.scanner_files import Ranges
from apps.reference.scanner_lists import StoredList
from apps.reference.scanners import LIST_HOLDS
from apps.reference.services import LoadResult
from apps.sensors.models import Sensor


@transaction.atomic
def load_and_reroll(load: Callable[[], LoadResult]) -> tuple[LoadResult, int]:
    """Load delegations and raise the marks of the days whose regions they decide, both or neither.
    → what was loaded, and how many sensor-days will be rolled up again."""
    result = load()
    if result.changed_from is None or result.changed_to is None:
        return result, 0
    return result, reroll_days(first=result.changed_from, last_exclusive=result.changed_to)


@transaction.atomic
def load_scanners_and_reroll(*, name: str, day: date, ranges: Ranges, by: User | None = None) -> tuple[StoredList, int]:
    """Store a list of survey scanners and raise the marks of the days on which it holds, both or neither; nothing where the
    same list is there already. → the list, and how many sensor-days will be rolled up again."""
    stored = scanner_lists.put(name=name, day=day, ranges=ranges, by=by)
    return stored, _reroll_around(day) if stored.is_changed else 0


@transaction.atomic
def remove_scanners_and_reroll(*, stored: ScannerList, by: User | None) -> int:
    """Take a list away and count anew the days on which it held; → how many sensor-days those are."""
    scanner_lists.remove(stored=stored, by=by)
    return _reroll_around(stored.list_date)


def _reroll_around(day: date) -> int:
    return reroll_days(first=day - LIST_HOLDS, last_exclusive=day + LIST_HOLDS + timedelta(days=1))


@transaction.atomic
def reroll_days(*, first: date, last_exclusive: date, sensor: Sensor | None = None) -> int:
    """Raise the marks that exist on the reporting days [first, last_exclusive), of one sensor or of all; → how many.

    Call it last in the transaction that changes the reference data. The lock waits for batches in flight and holds
    back others until the commit: a day marked in between would be rolled up with the old data and never again.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE observations_mark IN SHARE ROW EXCLUSIVE MODE")
        marks = Mark.objects.filter(day__gte=first, day__lt=last_exclusive)
        touched = list((marks.filter(sensor=sensor) if sensor else marks).values_list("sensor_id", "day"))
        raise_marks(cursor, touched)
    return len(touched)
