"""Writing notes and advice about ports. Every change leaves an audit entry."""

from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.models import User
from apps.common.errors import DomainError
from apps.reference.note_models import AdviceBlock, PortNote

Row = TypeVar("Row", PortNote, AdviceBlock)


@transaction.atomic
def save(*, row: Row, by: User) -> Row:
    """Keep a new or changed note or block of advice; DomainError names each field that is wrong."""
    is_new = row.pk is None
    try:
        row.full_clean()
    except ValidationError as error:
        fields = {("subject" if name == "__all__" else name): " ".join(problems) for name, problems in error.message_dict.items()}
        raise DomainError("; ".join(f"{name}: {text}" for name, text in fields.items()), fields=fields) from error
    row.edited_at, row.edited_by = timezone.now(), by
    row.save()
    audit.record(by=by, action=f"{_name(row)}.{'added' if is_new else 'changed'}", target=row)
    return row


@transaction.atomic
def remove(*, row: PortNote | AdviceBlock, by: User) -> None:
    """Take a note or block away; what it said stays in the audit log."""
    audit.record(by=by, action=f"{_name(row)}.removed", target=row, text_en=row.text_en, text_ja=row.text_ja)
    row.delete()


def _name(row: PortNote | AdviceBlock) -> str:
    return str(row._meta.model_name)
