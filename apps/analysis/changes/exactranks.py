"""Ranks as rankings give them: of all ports or regions, not only of those whose curves the search looks at."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

from apps.analysis.changes.curves import span
from apps.analysis.changes.findings import Finding
from apps.analysis.changes.standings import LAST_RANK, WEEK, WEEKS_BEFORE
from apps.analysis.models import ChangeKind
from apps.observations import queries
from apps.observations.figures import Dimension, Selection, Unit
from apps.sensors.scopes import SensorScope

KINDS = (ChangeKind.NEW_IN_TOP, ChangeKind.RANK_JUMP)


def with_ranks(scope: SensorScope, dimension: Dimension, found: Iterable[Finding]) -> Iterator[Finding]:
    """Findings about ranks get the true rank of their week and the best one of the four weeks before, None beyond the
    first thirty; those whose rank is not what the curves made of it are left out."""
    known: dict[date, dict[str, int]] = {}
    for finding in found:
        if finding.kind not in KINDS:
            yield finding
            continue
        end = date.fromisoformat(finding.numbers["week_ends"])
        for week in (ends := [end - timedelta(days=WEEK * n) for n in range(WEEKS_BEFORE + 1)]):
            if week not in known:
                known[week] = _ranks(scope, dimension, week)
        rank = known[end].get(finding.subject)
        before = min((known[week][finding.subject] for week in ends[1:] if finding.subject in known[week]), default=None)
        if rank is not None and (before is None or before > rank):
            yield replace(finding, numbers=finding.numbers | {"rank": rank, "before": before})


def _ranks(scope: SensorScope, dimension: Dimension, end: date) -> dict[str, int]:
    week = Selection(scope, span(end - timedelta(days=WEEK - 1), end))
    return {row.key: row.rank for row in queries.ranking(week, dimension, Unit.PACKETS, LAST_RANK).rows}
