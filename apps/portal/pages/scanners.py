"""The dated lists that say who is a survey scanner."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from apps.accounts.models import Role, User
from apps.observations import queries
from apps.observations.counting.progress import Progress
from apps.portal import words
from apps.portal.filters import Choice
from apps.reference.scanner_files import Format

FORMATS = {
    Format.NICT: gettext_lazy("NICT (JSON)"),
    Format.MALTRAIL: "maltrail",
    Format.MISP: gettext_lazy("MISP warning list (JSON)"),
    Format.PLAIN: gettext_lazy("one address or prefix a line"),
}


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
    may_edit: bool
    formats: tuple[Choice, ...]
    written: Mapping[str, str]
    problem: str
    is_own_staff: bool


def may_edit(user: User) -> bool:
    return user.is_own_staff and user.has_role(Role.ADMIN)


def scanners_page(user: User, written: Mapping[str, str] | None = None, problem: str = "") -> ScannersPage:
    """`written` and `problem`: a form that was refused."""
    written = written or {}
    lines = tuple(_line(one) for one in queries.scanner_lists())
    return ScannersPage(
        lines=lines,
        is_counting=any(line.progress.waiting for line in lines),
        may_edit=may_edit(user),
        formats=tuple(Choice(form.value, str(FORMATS[form]), form.value == written.get("format")) for form in Format),
        written=written,
        problem=problem,
        is_own_staff=user.is_own_staff,
    )


def _line(one: queries.ScannerListRow) -> ListLine:
    return ListLine(
        id=one.id,
        name=one.name,
        day=words.day(one.date),
        holds=words.days(one.first_day, one.last_day),
        ranges=words.number(one.ranges),
        progress=one.progress,
    )
