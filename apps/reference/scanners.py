"""Which sources were known to scan for surveys around a day, by dated lists."""

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from apps.reference.intervals import inside
from apps.reference.models import ScannerRange

LIST_HOLDS = timedelta(days=30)  # before and after its date


def scanner_mask(keys: NDArray[np.uint64], day: date) -> NDArray[np.bool_]:
    """True for each source key, of any order, on a list dated within 30 days of the day. One query."""
    ranges = ScannerRange.objects.filter(list__list_date__range=(day - LIST_HOLDS, day + LIST_HOLDS))
    columns = np.array(list(ranges.values_list("start_key", "end_key")), np.int64).reshape(-1, 2).astype(np.uint64)
    return inside(columns[:, 0], columns[:, 1], keys)
