"""Raises the marks of days whose labels changed although their flows did not, so that rollup does them again."""

from collections.abc import Callable
from datetime import date

from django.db import connection, transaction

from apps.observations.models import Mark
from apps.observations.storage.marks import raise_marks
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
