"""Notes and advice on ports: beside the ports they are about, and the pages on which analysts write them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Role, User
from apps.common.ports import PortKey
from apps.portal import words
from apps.portal.links import with_query
from apps.portal.pages.crowds import Later
from apps.reference import portgroups
from apps.reference.models import AdviceBlock, PortNote
from apps.reference.names import port_label
from apps.reference.note_models import GROUP_PREFIX
from apps.reference.portnotes import advice_for, notes_for

MOST_ASKED = 20
KINDS: dict[str, type[PortNote] | type[AdviceBlock]] = {"port": PortNote, "advice": AdviceBlock}


@dataclass(frozen=True)
class NoteLine:
    """A note or a block of advice, ready to show; `edit_url` is '' for those who may not."""

    id: int
    kind: str
    title: str
    audience: str
    paragraphs: tuple[str, ...]
    links: tuple[str, ...]
    days: str
    subjects: tuple[str, ...]
    edit_url: str


@dataclass(frozen=True)
class Notes:
    """What is known of some ports, and what to do about packets to them."""

    notes: tuple[NoteLine, ...]
    advice: tuple[NoteLine, ...]
    add_url: str = ""


@dataclass(frozen=True)
class NotesPage:
    notes: tuple[NoteLine, ...]
    advice: tuple[NoteLine, ...]
    may_edit: bool


def may_edit(user: User) -> bool:
    return user.is_own_staff and user.has_role(Role.ANALYST)


def notes_on(ports: Iterable[PortKey], groups: Iterable[str], day: date, user: User) -> Notes:
    """At most three queries."""
    known, slugs = list(ports), list(groups)
    notes, advice = notes_for(known, slugs, day), advice_for(known, slugs, day)
    add = reverse("portal:add-note", args=["port"]) + f"?subject={known[0]}" if len(known) == 1 and not notes and may_edit(user) else ""
    return Notes(tuple(_note(note, user) for note in notes), tuple(_advice(block, user) for block in advice), add)


def notes_later(ports: Iterable[str], groups: Iterable[str], day: date) -> Later:
    """The card about these ports and groups, to be loaded once a page is there."""
    chosen = {name: ",".join(list(dict.fromkeys(keys))[:MOST_ASKED]) for name, keys in (("ports", ports), ("groups", groups))}
    return Later("notes", _("Notes on the ports shown"), with_query(reverse("portal:notes"), chosen | {"day": day.isoformat()}))


def notes_page(user: User) -> NotesPage:
    notes = sorted(PortNote.objects.all(), key=lambda note: _order(note.subject))
    advice = tuple(_advice(block, user) for block in AdviceBlock.objects.all())
    return NotesPage(tuple(_note(note, user) for note in notes), advice, may_edit(user))


def subject_label(subject: str) -> str:
    """23/TCP (telnet), or a group's name."""
    if not subject.startswith(GROUP_PREFIX):
        return port_label(PortKey.parse(subject))
    slug = subject.removeprefix(GROUP_PREFIX)
    return next((group.name for group in portgroups.all_groups() if group.slug == slug), slug)


def _order(subject: str) -> tuple[bool, int, int, str]:
    key = None if subject.startswith(GROUP_PREFIX) else PortKey.parse(subject)
    return (key is None, key.port if key else 0, key.protocol if key else 0, subject)


def _note(note: PortNote, user: User) -> NoteLine:
    return NoteLine(
        id=note.pk,
        kind="port",
        title=subject_label(note.subject),
        audience="",
        paragraphs=_paragraphs(note.text),
        links=tuple(note.links),
        days=_days(note),
        subjects=(),
        edit_url=_edit_url("port", note.pk, user),
    )


def _advice(block: AdviceBlock, user: User) -> NoteLine:
    return NoteLine(
        id=block.pk,
        kind="advice",
        title=block.title,
        audience=str(block.get_audience_display()),
        paragraphs=_paragraphs(block.text),
        links=(),
        days="",
        subjects=tuple(subject_label(subject) for subject in block.subjects),
        edit_url=_edit_url("advice", block.pk, user),
    )


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip())


def _days(note: PortNote) -> str:
    if note.valid_from and note.valid_to:
        return words.days(note.valid_from, note.valid_to)
    if note.valid_from:
        return _("since %(day)s") % {"day": words.day(note.valid_from)}
    return _("until %(day)s") % {"day": words.day(note.valid_to)} if note.valid_to else ""


def _edit_url(kind: str, number: int, user: User) -> str:
    return reverse("portal:edit-note", args=[kind, number]) if may_edit(user) else ""
