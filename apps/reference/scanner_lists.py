"""Keeping dated lists of survey scanners. Whoever changes one must redo the days around its date (LIST_HOLDS)."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import User
from apps.common.errors import ParameterError
from apps.reference.models import ScannerList, ScannerRange
from apps.reference.scanner_files import Ranges

MAX_NAME = 80
EARLIEST = date(1990, 1, 1)
_INSERT = "INSERT INTO reference_scannerrange (list_id, start_key, end_key) SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[])"


@dataclass(frozen=True)
class StoredList:
    """A list as it is now; `is_changed` is False where the same ranges were there before."""

    list: ScannerList
    ranges: int
    is_changed: bool


@transaction.atomic
def put(*, name: str, day: date, ranges: Ranges, by: User | None) -> StoredList:
    """Store the ranges as the list of this name and date, in place of what it held before."""
    _check(name, day)
    stored, _is_new = ScannerList.objects.select_for_update().get_or_create(name=name, list_date=day)
    before = np.array(list(stored.ranges.order_by("start_key").values_list("start_key", "end_key")), np.int64).reshape(-1, 2)
    if np.array_equal(before, ranges):
        return StoredList(stored, len(ranges), False)
    ScannerRange.objects.filter(list=stored).delete()
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [stored.pk, ranges[:, 0].tolist(), ranges[:, 1].tolist()])
    audit.record(by=by, action="scanner_list.loaded", target=stored, ranges=len(ranges), before=len(before))
    return StoredList(stored, len(ranges), True)


@transaction.atomic
def remove(*, stored: ScannerList, by: User | None) -> None:
    audit.record(by=by, action="scanner_list.removed", target=stored, ranges=stored.ranges.count())
    ScannerRange.objects.filter(list=stored).delete()  # in one statement; the cascade would load every row
    stored.delete()


def _check(name: str, day: date) -> None:
    if not 0 < len(name) <= MAX_NAME or not name.isprintable() or name != name.strip():
        raise ParameterError("name", _("needs 1 to %(max)d printable characters") % {"max": MAX_NAME})
    if not EARLIEST <= day <= timezone.now().date() + timedelta(days=1):
        raise ParameterError("date", _("must lie between %(first)s and today") % {"first": EARLIEST})
