"""What is found is kept once: a change found again is the same row, brought up to date; what somebody decided stays."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from django.db import transaction

from apps.analysis.changes.findings import Finding
from apps.analysis.models import Change, ChangeKind, ChangeState

# Days by which the first day may differ from one search to the next; changes of a span are one while their spans meet.
DRIFT = {ChangeKind.SPIKE: 3, ChangeKind.STEP: 7, ChangeKind.NEW_IN_TOP: 7, ChangeKind.RANK_JUMP: 7}
MEET = 14
# Days before `as_of` whose changes a search finds again if they are still there.
LOOKED_AT = {ChangeKind.SPIKE: 7, ChangeKind.STEP: 28, ChangeKind.NEW_IN_TOP: 7, ChangeKind.RANK_JUMP: 7}
GROWS = (ChangeKind.SPIKE, ChangeKind.NEW_IN_TOP, ChangeKind.RANK_JUMP)  # their first day stays as it was first told
MEMORY = timedelta(days=200)
_FIELDS = ("first", "last", "score", "numbers", "as_of")


@dataclass(frozen=True)
class Kept:
    added: int
    updated: int
    removed: int


@transaction.atomic
def keep(found: Iterable[Finding], sensors: str, as_of: date) -> Kept:
    """Bring the changes of one set of sensors up to what a search as of a day has found. Nobody else may do so meanwhile."""
    known = list(Change.objects.select_for_update().filter(sensors=sensors, last__gte=as_of - MEMORY))
    by_subject: dict[tuple[object, ...], list[Change]] = defaultdict(list)
    for change in known:
        by_subject[change.kind, change.dimension, change.subject, change.direction].append(change)
    added, again = [], []
    for finding in sorted(found, key=lambda one: (-one.score, one.first)):
        same = _same(finding, by_subject[finding.kind, finding.dimension, finding.subject, finding.direction])
        if same is None:
            made = Change(sensors=sensors, as_of=as_of, **asdict(finding))
            added.append(made)
            by_subject[finding.kind, finding.dimension, finding.subject, finding.direction].append(made)
        elif same not in again and same not in added:
            again.append(_brought_up_to_date(same, finding, as_of))
    gone = [change.pk for change in known if change not in again and _has_gone(change, as_of)]
    Change.objects.filter(pk__in=gone).delete()
    Change.objects.bulk_update(again, _FIELDS)
    Change.objects.bulk_create(added)
    return Kept(len(added), len(again), len(gone))


def _same(finding: Finding, known: list[Change]) -> Change | None:
    """The change that this is, found before: the nearest in time."""
    near = [change for change in known if _distance(finding, change) <= DRIFT.get(finding.kind, MEET)]
    return min(near, key=lambda change: (_distance(finding, change), change.first), default=None)


def _distance(finding: Finding, change: Change) -> int:
    """Days between the first days; of spans, and of spikes that go on, days between the spans (0: they meet)."""
    apart = max((finding.first - change.last).days, (change.first - finding.last).days, 0)
    if finding.kind in DRIFT:
        return min(abs((finding.first - change.first).days), apart if finding.kind in GROWS else MEET)
    return apart


def _brought_up_to_date(change: Change, finding: Finding, as_of: date) -> Change:
    if change.kind in GROWS:
        change.first, change.last = min(change.first, finding.first), max(change.last, finding.last)
    else:
        change.first, change.last = finding.first, finding.last
    change.score, change.numbers, change.as_of = finding.score, finding.numbers, as_of
    return change


def _has_gone(change: Change, as_of: date) -> bool:
    """Whether this search looked where the change was and did not find it. What somebody dismissed or watches stays."""
    if change.state != ChangeState.NEW:
        return False
    days = LOOKED_AT.get(ChangeKind(change.kind))
    return change.as_of == as_of if days is None else as_of - timedelta(days=days) < change.last <= as_of
