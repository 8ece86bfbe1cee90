"""The answer to a cohort: exact counts of its conditions and of the whole, by day where days are matched."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.conf import settings

from apps.analysis import daysets
from apps.analysis.breakdown import Part, breakdown
from apps.analysis.cohorts import algebra
from apps.analysis.cohorts.expressions import Atom, Match, Question
from apps.analysis.coports import CoPort, ports_of
from apps.analysis.daysets import Days
from apps.common.errors import ParameterError
from apps.common.periods import Period
from apps.observations import queries
from apps.observations.figures import Dimension, FigureMeta, Selection, SourcePage, Unit
from apps.observations.planning import keysets, planner
from apps.observations.planning.asks import Ask
from apps.observations.planning.captions import Context, context_of
from apps.observations.planning.reading import reading
from apps.observations.planning.together import together
from apps.observations.storage.sourcesets import Keys

MOST_REGIONS = 20
ANY_DAY = 0  # the one number where days do not matter


@dataclass(frozen=True)
class AtomCount:
    """How many distinct sources a condition has by itself."""

    path: str
    sources: int


@dataclass(frozen=True)
class DayCount:
    """Members of one reporting day; None where nobody watched."""

    day: date
    sources: int | None


@dataclass(frozen=True)
class Listing:
    """Members, most packets first; no page where that would mean to read too much, and `problem` says so."""

    page: SourcePage | None
    problem: str = ""


@dataclass(frozen=True)
class Cohort:
    """`keys` are the members, ascending; `days` are empty where days do not matter."""

    question: Question
    keys: Keys
    atoms: tuple[AtomCount, ...]
    days: tuple[DayCount, ...]
    meta: FigureMeta

    @property
    def total(self) -> int:
        return len(self.keys)

    @cached_property
    def whole(self) -> Selection:
        return self.question.whole

    def regions(self) -> tuple[Part, ...]:
        """From where most members are; one that changed its region counts in both."""
        return breakdown(self.whole, self.keys, Dimension.REGION, MOST_REGIONS)

    def co_ports(self, limit: int = 20) -> tuple[CoPort, ...]:
        """Where members sent to, the ports of the conditions included."""
        return ports_of(self.whole, self.keys, limit)

    def listing(self, cursor: str = "", limit: int = 100) -> Listing:
        try:
            return Listing(queries.sources(self.whole, cursor, limit, among=self.keys))
        except ParameterError as error:
            if error.name == "cursor":
                raise
            return Listing(None, error.fields[error.name])


def evaluate(question: Question) -> Cohort:
    """Two statements, whatever the number of conditions, and what segments take where counts do not hold a condition."""
    with reading():
        context = _context(question)
        everybody, *found = together(
            lambda: _everybody(question),
            *(lambda atom=atom: _sets(atom, question.match) for atom in question.atoms),
        )
        by_atom = {atom.path: days for atom, days in zip(question.atoms, found, strict=True)}
        members = algebra.evaluate(question.expression, lambda atom: by_atom[atom.path], everybody)
        meta = context.meta(Unit.SOURCES)
        return Cohort(
            question=question,
            keys=algebra.whole(members),
            atoms=tuple(AtomCount(atom.path, len(algebra.whole(by_atom[atom.path]))) for atom in question.atoms),
            days=_day_counts(question, members, meta) if question.match is Match.SAME_DAY else (),
            meta=meta,
        )


def _everybody(question: Question) -> Days:
    """All observed sources of the period and sensors of the cohort, where something is only left out of them."""
    if not question.needs_everybody:
        return {}
    return _sets(Atom("", Selection(question.base.scope, question.base.period)), question.match)


def _sets(atom: Atom, match: Match) -> Days:
    """The sources of one condition by day."""
    numbers, ask = _ask(atom, match)
    if atom.min_sensors > 1:
        found = keysets.on_sensors(ask, atom.min_sensors)
    else:
        found = {number: keys for (_key, number), keys in keysets.source_keys(ask).items()}
    return {numbers[number]: keys for number, keys in found.items() if len(keys)}


def _ask(atom: Atom, match: Match) -> tuple[list[int], Ask]:
    """The number of each bin, and the question with these bins: reporting days, or the period as one."""
    return daysets.by_day(atom.selection) if match is Match.SAME_DAY else ([ANY_DAY], Ask(atom.selection))


def _day_counts(question: Question, members: Days, meta: FigureMeta) -> tuple[DayCount, ...]:
    period = question.whole.period
    days = Period(period.start, period.end, settings.REPORT_TIME_ZONE).days()
    missing = set(meta.missing_days)
    return tuple(DayCount(day, len(members[day.toordinal()]) if day.toordinal() in members else _none(day in missing)) for day in days)


def _none(is_missing: bool) -> int | None:
    return None if is_missing else 0


def _context(question: Question) -> Context:
    """What captions need; refuses what would not fit into memory before any set is read. One statement."""
    context, *sizes = together(
        lambda: context_of(question.whole), *(lambda atom=atom: planner.set_sizes(_ask(atom, question.match)[1]) for atom in question.atoms)
    )
    for atom, size in zip(question.atoms, sizes, strict=True):
        if size > daysets.MAX_KEYS // len(question.atoms):
            raise daysets.too_many(f"{atom.path}.from" if atom.path else "from")
    known: Context = context
    return known
