"""Notes and advice about ports, as pages, captions and mail ask for them."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from apps.common.ports import PortKey
from apps.reference import portgroups
from apps.reference.note_models import AdviceBlock, PortNote, subjects_of


def notes_for(ports: Iterable[PortKey], groups: Iterable[str], day: date) -> list[PortNote]:
    """The notes in force on a day on these ports, on groups that hold one of them, and on these groups (slugs); in the
    order asked for. At most two queries, one of them once a minute."""
    subjects = _subjects(list(ports), list(groups), day)
    holds = (Q(valid_from__isnull=True) | Q(valid_from__lte=day)) & (Q(valid_to__isnull=True) | Q(valid_to__gte=day))
    found = PortNote.objects.filter(holds, subject__in=subjects) if subjects else []
    return sorted(found, key=lambda note: (subjects.index(note.subject), note.valid_from or date.min))


def advice_for(ports: Iterable[PortKey], groups: Iterable[str], day: date) -> list[AdviceBlock]:
    """The advice on these ports and groups and on groups that hold one of the ports, that for administrators first."""
    subjects = _subjects(list(ports), list(groups), day)
    return list(AdviceBlock.objects.filter(subjects__overlap=subjects)) if subjects else []


def _subjects(ports: list[PortKey], groups: list[str], day: date) -> list[str]:
    codes = {port.protocol << 16 | port.port for port in ports}
    around = [group.slug for group in portgroups.groups_on(day) if any(not codes.isdisjoint(one.codes) for one in group.ranges)]
    return list(dict.fromkeys(subjects_of(ports, [*groups, *around])))
