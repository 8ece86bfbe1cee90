"""What a cohort is: conditions joined by and, or and not. Plain values; `reading` makes them of what people send."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from apps.common.periods import Period
from apps.observations.figures import Selection
from apps.observations.models import COUNTED


class Match(StrEnum):
    """What "and" means: on the same reporting day, or at any time in the periods."""

    SAME_DAY = "same_day"
    ANY_DAY = "any_day"


class Operator(StrEnum):
    AND = "and"
    OR = "or"


@dataclass(frozen=True)
class Atom:
    """The sources of a selection that at least `min_sensors` of its sensors saw (on the day, where days are matched).
    `path` says where it stands: `and[1].or[0]`, '' for one that stands alone."""

    path: str
    selection: Selection
    min_sensors: int = 1


@dataclass(frozen=True)
class Group:
    """`members` joined by the operator, and, in an `and` only, less the sources of every one of `without`. An `and`
    that has nothing else is taken from all observed sources of the cohort's period and sensors."""

    operator: Operator
    members: tuple["Atom | Group", ...]
    without: tuple["Atom | Group", ...] = ()

    @property
    def starts_from_everybody(self) -> bool:
        return not self.members


Node = Atom | Group


@dataclass(frozen=True)
class Question:
    """A cohort as asked for. `base` holds the sensors and the period of conditions that name none of their own."""

    expression: Node
    match: Match
    base: Selection

    @property
    def atoms(self) -> tuple[Atom, ...]:
        return tuple(node for node in nodes(self.expression) if isinstance(node, Atom))

    @property
    def needs_everybody(self) -> bool:
        return any(isinstance(node, Group) and node.starts_from_everybody for node in nodes(self.expression))

    @property
    def whole(self) -> Selection:
        """All that was observed at the cohort's sensors from the first of its days to the last, and of uncounted
        signatures those that a condition names: where addresses, regions and co-ports are looked up."""
        periods = [atom.selection.period for atom in self.atoms] + ([self.base.period] if self.needs_everybody else [])
        named = dict.fromkeys(signature for atom in self.atoms for signature in atom.selection.signatures if signature not in COUNTED)
        period = Period(min(one.start for one in periods), max(one.end for one in periods), self.base.period.zone)
        everything = Selection(self.base.scope, period, fixed_panel=self.base.fixed_panel)
        return replace(everything, signatures=(*COUNTED, *named) if named else ())


def nodes(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order written, what is left out after what is kept."""
    yield node
    if isinstance(node, Group):
        for child in (*node.members, *node.without):
            yield from nodes(child)
