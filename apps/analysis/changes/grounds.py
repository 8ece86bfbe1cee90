"""What a change rests on: how many sources sent, how many sensors saw them. Told for every finding about one port or region."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

from apps.analysis.changes import curves
from apps.analysis.changes.findings import NARROW, Finding, is_narrow
from apps.analysis.models import ChangeKind
from apps.observations.figures import Dimension
from apps.sensors.scopes import SensorScope


def with_evidence(scope: SensorScope, dimension: Dimension, candidates: Iterable[Finding]) -> Iterator[Finding]:
    """Each finding with the sources and sensors of its days; the score falls where these are few."""
    found = list(candidates)
    by_span: dict[tuple[date, date], list[str]] = {}
    for finding in found:
        by_span.setdefault(_days_of(finding), []).append(finding.subject)
    spans = {days: tuple(dict.fromkeys(keys)) for days, keys in by_span.items()}
    rows = {days: curves.evidence(scope, dimension, keys, *days) for days, keys in spans.items()}
    for finding in found:
        row = rows[_days_of(finding)].get(finding.subject)
        if row is None:
            yield finding
            continue
        narrow = is_narrow(row.sensors, len(scope.sensor_ids), row.largest_sensor_share, int(row.value))
        score = finding.score * (NARROW if narrow else 1.0)
        numbers = {"sources": int(row.value), "seen_by": row.sensors, "largest_share": row.largest_sensor_share, "narrow": narrow}
        yield replace(finding, score=round(score, 1), numbers=finding.numbers | numbers)


def _days_of(finding: Finding) -> tuple[date, date]:
    """The days that the sentence is about: the peak of a spike, the week of a rank, two weeks from a step on."""
    if finding.kind is ChangeKind.SPIKE:
        peak = date.fromisoformat(finding.numbers["peak"])
        return peak, peak
    if finding.kind in (ChangeKind.NEW_IN_TOP, ChangeKind.RANK_JUMP):
        end = date.fromisoformat(finding.numbers["week_ends"])
        return end - timedelta(days=6), end
    if finding.kind is ChangeKind.STEP:  # a fall is about what was there before it
        first = finding.first if finding.direction > 0 else finding.first - timedelta(days=7)
        return first, first + timedelta(days=6)
    return finding.first, finding.last
