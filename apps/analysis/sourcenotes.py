"""Notes on single sources, by own staff for own staff. Each is audited and stays as it was written."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import Role, User
from apps.analysis.models import SourceNote
from apps.common import sourcekeys
from apps.common.errors import DomainError, NotAllowedError

WRITERS = (Role.ANALYST, Role.COORDINATOR, Role.APPROVER)
LONGEST = 2000
MOST_SHOWN = 50


def may_note(user: object) -> bool:
    return isinstance(user, User) and user.is_own_staff and user.has_role(*WRITERS)


def notes_on(user: User, address: str) -> list[SourceNote]:
    """The newest notes on the source that an address belongs to, newest first; at most one query."""
    if not user.is_own_staff:
        return []
    found = SourceNote.objects.visible_to(user).filter(address=_source(address))
    return list(found.select_related("author")[:MOST_SHOWN])


@transaction.atomic
def add(*, by: User, address: str, text: str) -> SourceNote:
    """A further note; DomainError where it is empty or too long, ValueError where the address is none."""
    if not may_note(by):
        raise NotAllowedError(_("Only analysts and coordinators write notes."))
    text = text.replace("\x00", " ").strip()
    if not text:
        raise DomainError(_("Write a note."), fields={"text": _("Write a note.")})
    if len(text) > LONGEST:
        problem = _("The note is longer than %(max)d characters.") % {"max": LONGEST}
        raise DomainError(problem, fields={"text": problem})
    note = SourceNote.objects.create(address=_source(address), text=text, author=by)
    audit.record(by=by, action="source_note.added", target=note, text=text)
    return note


def _source(address: str) -> str:
    return sourcekeys.to_address(sourcekeys.from_address(address.removesuffix("/64")))
