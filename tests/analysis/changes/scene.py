"""Changes for tests of what is made of them."""

from datetime import date, timedelta
from typing import Any

from apps.analysis.models import Change, ChangeKind, ChangeSearch

DAY = date(2026, 3, 14)


def numbers_of_spike(**others: Any) -> dict[str, Any]:
    curve = {"first": str(DAY - timedelta(days=6)), "values": [4, 4, None, 4, 4, 4, 20]}
    numbers = {"value": 20.0, "usual": 4.0, "factor": 5.0, "z": 7.0, "peak": str(DAY), "of_all": 0.1, "curve": curve}
    return numbers | {"sources": 12, "seen_by": 3, "largest_share": 0.5, "narrow": False} | others


def spike(subject: str = "tcp/23", day: date = DAY, **values: Any) -> Change:
    """A spike to five times the usual."""
    fields = {"kind": ChangeKind.SPIKE, "dimension": "port", "direction": 1, "score": 50.0, "numbers": numbers_of_spike(), "as_of": day}
    return Change.objects.create(subject=subject, first=day, last=day, **(fields | values))


def searched(day: date = DAY) -> ChangeSearch:
    return ChangeSearch.objects.create(sensors="all", as_of=day, stamp="")
