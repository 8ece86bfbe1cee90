"""The dated lists that say who is a survey scanner."""

from dataclasses import dataclass

from apps.accounts.models import Role, User
from apps.observations import queries
from apps.observations.counting.progress import Progress
from apps.portal import words


@dataclass(frozen=True)
class ListLine:
    id: int
    name: str
    day: str
    holds: str
    ranges: str
    progress: Progress


@dataclass(frozen=True)
class ScannersPage:
    lines: tuple[ListLine, ...]
    is_counting: bool
    may_remove: bool
    is_own_staff: bool


def may_remove(user: User) -> bool:
    return user.is_own_staff and user.has_role(Role.ADMIN)


def scanners_page(user: User) -> ScannersPage:
    lines = tuple(_line(one) for one in queries.scanner_lists())
    return ScannersPage(lines, any(line.progress.waiting for line in lines), may_remove(user), user.is_own_staff)


def _line(one: queries.ScannerListRow) -> ListLine:
    return ListLine(
        id=one.id,
        name=one.name,
        day=words.day(one.date),
        holds=words.days(one.first_day, one.last_day),
        ranges=words.number(one.ranges),
        progress=one.progress,
    )
