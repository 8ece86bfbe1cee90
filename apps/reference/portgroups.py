"""Named groups of destination ports in force on a day, for filters, splits and labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from time import monotonic

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.common.portranges import PortRange, parse_pattern
from apps.reference.models import PortGroup

REFRESH_S = 60  # another process shows an edited group at the latest after this

_known: tuple[float, tuple["Group", ...]] | None = None


@dataclass(frozen=True)
class Group:
    """One definition of a group; `id` is its row, [first, last] the days on which it holds."""

    id: int
    slug: str
    name_en: str
    name_ja: str
    ranges: tuple[PortRange, ...]
    first: date
    last: date

    @property
    def name(self) -> str:
        """In the active language."""
        return self.name_ja if (get_language() or "en").startswith("ja") else self.name_en

    @property
    def codes(self) -> tuple[int, ...]:
        """Port codes, protocol << 16 | port, ascending."""
        return tuple(chain.from_iterable(one.codes for one in self.ranges))

    @property
    def size(self) -> int:
        return sum(len(one.codes) for one in self.ranges)


def groups_on(day: date) -> tuple[Group, ...]:
    """The groups in force, the narrowest first: a port in several belongs to the first of them."""
    return tuple(group for group in all_groups() if group.first <= day <= group.last)


def chosen(slugs: Sequence[str], day: date) -> tuple[Group, ...]:
    """The groups of these slugs in force on a day, in order of the slugs; ValueError names one that is not."""
    if not slugs:
        return ()  # most views choose none, and the groups need not be read for them
    known = {group.slug: group for group in groups_on(day)}
    for slug in slugs:
        if slug not in known:
            problem = _("%(text)r is not a port group in force on %(day)s; known are %(known)s")
            raise ValueError(problem % {"text": slug, "day": day.isoformat(), "known": ", ".join(sorted(known)) or "–"})
    return tuple(known[slug] for slug in slugs)


def group_of(id: int) -> Group:
    """A definition by its row; one that was deleted meanwhile has no ports any more."""
    gone = Group(id, str(id), str(id), str(id), (), date.min, date.max)
    return next((group for group in all_groups() if group.id == id), gone)


def all_groups() -> tuple[Group, ...]:
    """Every definition, narrowest first; at most one query a minute."""
    global _known
    if _known is None or monotonic() - _known[0] > REFRESH_S:
        rows = sorted(map(_group, PortGroup.objects.all()), key=lambda group: (group.size, group.slug, group.first))
        _known = monotonic(), tuple(rows)
    return _known[1]


def forget() -> None:
    """Read the groups again at the next question: one was edited in this process."""
    global _known
    _known = None


def _group(row: PortGroup) -> Group:
    return Group(
        row.pk, row.slug, row.name_en, row.name_ja, parse_pattern(row.pattern), row.valid_from or date.min, row.valid_to or date.max
    )
