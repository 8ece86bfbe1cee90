"""What people decide about holders and networks. Every function writes the audit log; DomainError names the field at fault."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import EmailField
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import Role, User
from apps.common.errors import DomainError, ParameterError
from apps.enrichment.holders import assigning, merging
from apps.enrichment.holders.family import root_of
from apps.enrichment.models import (
    ContactRole,
    CorrectedField,
    Correction,
    Holder,
    HolderKind,
    HolderMerge,
    ManualContact,
    Network,
)
from apps.enrichment.registries.mailboxes import is_registry_mailbox
from apps.reference.names import is_region

LARGEST_ASN = 2**32 - 1
EDITORS = (Role.ANALYST, Role.COORDINATOR, Role.APPROVER)


def may_edit(user: object) -> bool:
    return isinstance(user, User) and user.is_own_staff and user.has_role(*EDITORS)


# The holder


@transaction.atomic
def choose_kind(*, holder: Holder, kind: str, reason: str, by: User) -> None:
    """No suggestion changes it from now on; `release_kind` lets them again."""
    if kind not in HolderKind.values:
        raise ParameterError("kind", _("is not one of those offered"))
    Holder.objects.filter(pk=holder.pk).update(kind=kind, kind_reason=_needed("reason", reason, 200), is_kind_chosen=True)
    audit.record(by=by, action="holder.kind_chosen", target=holder, holder=holder.pk, kind=kind, before=holder.kind, reason=reason)


@transaction.atomic
def release_kind(*, holder: Holder, by: User) -> None:
    """Leave the kind to suggestions again."""
    Holder.objects.filter(pk=holder.pk).update(is_kind_chosen=False)
    assigning.renew_kind(Holder.objects.get(pk=holder.pk))
    audit.record(by=by, action="holder.kind_released", target=holder, holder=holder.pk, before=holder.kind)


@transaction.atomic
def describe(*, holder: Holder, name: str, note: str, by: User) -> None:
    """Name and note; a changed name stays whatever registries say. An empty name is the registry's again."""
    name, note = _text("name", name, 300), _text("note", note, 2000)
    before = {"name": holder.name, "note": holder.note}
    if name != holder.name:
        registered = _registered_name(holder) if not name else ""
        Holder.objects.filter(pk=holder.pk).update(name=name or registered, is_name_chosen=bool(name))
    Holder.objects.filter(pk=holder.pk).update(note=note)
    assigning.renew_kind(Holder.objects.get(pk=holder.pk))
    audit.record(by=by, action="holder.described", target=holder, holder=holder.pk, name=name, note=note, before=before)


def _registered_name(holder: Holder) -> str:
    newest = holder.networks.order_by("-fetched_at", "-pk").first()
    return (newest.holder or newest.name) if newest else ""


# Merges


@transaction.atomic
def merge(*, kept: Holder, absorbed: Sequence[Holder], reason: str, by: User) -> list[HolderMerge]:
    """Find that holders are one. Whoever was merged already stands for the holder it counts for."""
    reason = _needed("reason", reason, 500)
    merging.lock()
    made = []
    for one in absorbed:
        target, other = (root_of(Holder.objects.select_related("merged_into").get(pk=holder.pk)) for holder in (kept, one))
        if target == other:
            raise DomainError(_("These are one holder already."), fields={"absorbed": _("These are one holder already.")})
        made.append(HolderMerge.objects.create(kept=target, absorbed=other, reason=reason, by=by))
        audit.record(by=by, action="holder.merged", target=target, kept=target.pk, absorbed=other.pk, name=other.name, reason=reason)
        merging.replay()
    if not made:
        raise ParameterError("absorbed", _("choose at least two holders"))
    assigning.renew_kind(made[0].kept)
    return made


@transaction.atomic
def merge_groups(*, groups: Sequence[str], reason: str, by: User) -> int:
    """Groups as numbers separated by commas, each merged into its first; → how many holders were absorbed."""
    wanted = [[int(part) if _is_number(part) else 0 for part in group.split(",")] for group in groups]
    known = {one.pk: one for one in Holder.objects.visible_to(by).filter(pk__in={pk for group in wanted for pk in group})}
    if not wanted or not all(pk in known for group in wanted for pk in group):
        raise ParameterError("groups", _("choose groups of those offered"))
    return sum(len(merge(kept=known[first], absorbed=[known[pk] for pk in rest], reason=reason, by=by)) for first, *rest in wanted)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


@transaction.atomic
def undo_merge(*, merge: HolderMerge, by: User) -> None:
    """The absorbed holder counts for itself again, with everything it had; merges before and after stay as they are."""
    merging.lock()
    if not HolderMerge.objects.filter(pk=merge.pk, undone_at=None).update(undone_at=timezone.now(), undone_by=by):
        raise DomainError(_("This merge has been undone already."), code="undone")
    counted_for = root_of(merge.absorbed)
    merging.replay()
    for one in (counted_for, Holder.objects.get(pk=merge.absorbed_id)):
        assigning.renew_kind(one)
    audit.record(by=by, action="holder.merge_undone", target=merge.absorbed, kept=merge.kept_id, absorbed=merge.absorbed_id)


# Networks


@transaction.atomic
def correct(*, network: Network, field: str, value: str, reason: str, by: User) -> Correction:
    """Say something else of a network than its registry. A new correction of a field takes the place of the one before."""
    if field not in CorrectedField.values:
        raise ParameterError("field", _("is not one of those offered"))
    value, reason = _value(field, value), _needed("reason", reason, 500)
    network = _locked(network)
    network.corrections.filter(field=field, withdrawn_at=None).update(withdrawn_at=timezone.now(), withdrawn_by=by)
    made = Correction.objects.create(network=network, field=field, value=value, reason=reason, by=by)
    if field == CorrectedField.HOLDER:
        assigning.assign_to_named(network, value)
    else:
        assigning.assign(network)
    audit.record(by=by, action="network.corrected", target=network, network=network.pk, field=field, value=value, reason=reason)
    return made


@transaction.atomic
def withdraw_correction(*, correction: Correction, by: User) -> None:
    """What the registry says holds again."""
    network = _locked(correction.network)
    if not Correction.objects.filter(pk=correction.pk, withdrawn_at=None).update(withdrawn_at=timezone.now(), withdrawn_by=by):
        raise DomainError(_("This has been withdrawn already."), code="withdrawn")
    assigning.assign(network)
    audit.record(by=by, action="network.correction_withdrawn", target=network, network=network.pk, field=correction.field)


def _locked(network: Network) -> Network:
    return Network.objects.select_for_update(of=("self",)).select_related("administered_by__merged_into").get(pk=network.pk)


def _value(field: str, value: str) -> str:
    value = _needed("value", value, 200 if field == CorrectedField.NAME else 300)
    if field == CorrectedField.COUNTRY:
        value = value.upper()
        if not is_region(value):
            raise ParameterError("value", _("is not a country's two letters"))
    if field == CorrectedField.ASN:
        value = value.upper().removeprefix("AS").strip()
        if not (value.isascii() and value.isdigit() and len(value) < 11 and 0 < int(value) <= LARGEST_ASN):
            raise ParameterError("value", _("is not an AS number such as AS64500"))
    return value


# Contacts


@transaction.atomic
def add_contact(
    *, by: User, email: str, role: str, reason: str, holder: Holder | None = None, network: Network | None = None
) -> ManualContact:
    """A mail address that comes before all that registries name, of a holder or of one network."""
    email, reason = _email(email), _needed("reason", reason, 500)
    if role not in {str(value) for value in ContactRole.values}:
        raise ParameterError("role", _("is not one of those offered"))
    made = ManualContact.objects.create(holder=holder, network=network, email=email, role=int(role), reason=reason, by=by)
    audit.record(
        by=by, action="contact.added", target=holder or network, contact=made.pk, email=email, reason=reason,
        holder=holder.pk if holder else None, network=network.pk if network else None,
    )  # fmt: skip
    return made


@transaction.atomic
def withdraw_contact(*, contact: ManualContact, by: User) -> None:
    if not ManualContact.objects.filter(pk=contact.pk, withdrawn_at=None).update(withdrawn_at=timezone.now(), withdrawn_by=by):
        raise DomainError(_("This has been withdrawn already."), code="withdrawn")
    audit.record(by=by, action="contact.withdrawn", target=contact.holder or contact.network, contact=contact.pk, email=contact.email)


def _email(text: str) -> str:
    try:
        email = str(EmailField(max_length=254).clean(text))
    except ValidationError as error:
        raise ParameterError("email", _("is not a mail address")) from error
    if is_registry_mailbox(email):
        raise ParameterError("email", _("is a registry's own mailbox; nobody there can act on an address"))
    return email


def _needed(name: str, text: str, longest: int) -> str:
    found = _text(name, text, longest)
    if not found:
        raise ParameterError(name, _("is needed"))
    return found


def _text(name: str, text: str, longest: int) -> str:
    found = text.strip()
    if "\x00" in found or len(found) > longest:
        raise ParameterError(name, _("is longer than %(longest)d characters or holds a null character") % {"longest": longest})
    return found.encode(errors="replace").decode()
