"""Writing named feature sets. Every change leaves an audit entry."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import User
from apps.common.errors import DomainError
from apps.enrichment.models import FeatureSet

LISTS = ("wants_all", "wants_any", "wants_none")
MOST_FEATURES = 50  # of one list


@transaction.atomic
def save(*, row: FeatureSet, by: User) -> FeatureSet:
    """Keep a new or changed set; DomainError names each field that is wrong."""
    _check(row)
    is_new = row.pk is None
    row.by = by if is_new else row.by
    row.save()
    said = {name: getattr(row, name) for name in LISTS}
    audit.record(by=by, action=f"featureset.{'added' if is_new else 'changed'}", target=row, **said)
    return row


def _check(row: FeatureSet) -> None:
    fields: dict[str, str] = {}
    try:
        row.full_clean(exclude={"by"})
    except ValidationError as error:
        fields = {name: " ".join(problems) for name, problems in error.message_dict.items()}
    if not (row.wants_all or row.wants_any):
        fields.setdefault("wants_all", _("A set needs at least one feature that a host must have."))
    for name in LISTS:
        if len(getattr(row, name)) > MOST_FEATURES:
            fields[name] = _("More than %(max)d features.") % {"max": MOST_FEATURES}
    if both := set(row.wants_none) & ({*row.wants_all, *row.wants_any}):
        fields["wants_none"] = _("Wanted and unwanted at once: %(feature)s") % {"feature": sorted(both)[0]}
    if fields:
        raise DomainError("; ".join(f"{name}: {text}" for name, text in fields.items()), fields=fields)


@transaction.atomic
def remove(*, row: FeatureSet, by: User) -> None:
    """Take a set away; what it was stays in the audit log."""
    audit.record(by=by, action="featureset.removed", target=row, note=row.note, **{name: getattr(row, name) for name in LISTS})
    row.delete()
