"""The scanner lists and exclusions there are, each with how far the days that it touches have been counted anew."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count

from apps.accounts.models import User
from apps.common.ports import PortKey
from apps.observations.counting.progress import Progress, Span, progress_of
from apps.reference.models import ScannerList
from apps.reference.scanners import LIST_HOLDS
from apps.sensors.models import Exclusion
from apps.sensors.queries import sensor_labels


@dataclass(frozen=True)
class ScannerListRow:
    """A list, the days on which it holds (both included), and its number of ranges of addresses."""

    id: int
    name: str
    first_day: date
    last_day: date
    ranges: int
    progress: Progress
    date: date


@dataclass(frozen=True)
class ExclusionRow:
    """An exclusion by the label of its sensor that the viewer may see; last_day None: until lifted."""

    id: int
    sensor_id: int
    sensor: str
    is_scenario: bool
    port: PortKey
    first_day: date
    last_day: date | None
    reason: str
    progress: Progress


def scanner_lists() -> list[ScannerListRow]:
    """The newest first. Two queries."""
    found = list(ScannerList.objects.annotate(size=Count("ranges")))
    spans = [Span(one.list_date - LIST_HOLDS, one.list_date + LIST_HOLDS) for one in found]
    return [
        ScannerListRow(one.pk, one.name, span.first, span.last, one.size, progress, one.list_date)
        for one, span, progress in zip(found, spans, progress_of(spans), strict=True)
    ]


def exclusions(user: User, **only: object) -> list[ExclusionRow]:
    """Those of the sensors that the user may see, the newest first; `only` narrows by columns. At most three queries."""
    found = list(Exclusion.objects.visible_to(user).filter(**only).select_related("sensor").order_by("-first_day", "-pk"))
    spans = [Span(one.first_day, one.last_day or date.max, one.sensor_id) for one in found]
    labels = sensor_labels([one.sensor for one in found], user)
    return [_row(one, labels[one.sensor_id], progress) for one, progress in zip(found, progress_of(spans), strict=True)]


def _row(one: Exclusion, label: str, progress: Progress) -> ExclusionRow:
    return ExclusionRow(
        id=one.pk,
        sensor_id=one.sensor_id,
        sensor=label,
        is_scenario=one.sensor.is_scenario,
        port=PortKey(one.protocol, one.port),
        first_day=one.first_day,
        last_day=one.last_day,
        reason=one.reason,
        progress=progress,
    )
