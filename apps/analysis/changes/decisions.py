"""What people make of a change: watch it, dismiss it, take that back. Each is audited."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import Role, User
from apps.analysis.models import Change, ChangeState
from apps.common.errors import DomainError, NotAllowedError

DECIDERS = (Role.ANALYST, Role.COORDINATOR, Role.APPROVER)
LONGEST_REASON = 500


def may_decide(user: object) -> bool:
    return isinstance(user, User) and user.is_own_staff and user.has_role(*DECIDERS)


@transaction.atomic
def decide(*, change: Change, by: User, state: str, reason: str = "") -> Change:
    """Put a change into another state; dismissing needs a reason, so that the next reader knows why."""
    if not may_decide(by):
        raise NotAllowedError(_("Analysts and coordinators decide on changes."))
    wanted, reason = _state(state), reason.replace("\x00", "").strip()
    if wanted is ChangeState.DISMISSED and not reason:
        raise DomainError(_("Give a reason for dismissing the change."), fields={"reason": _("is needed to dismiss a change")})
    if len(reason) > LONGEST_REASON:
        raise DomainError(_("The reason is too long."), fields={"reason": _("longer than %(max)d characters") % {"max": LONGEST_REASON}})
    change = Change.objects.select_for_update().get(pk=change.pk)
    before, change.state, change.reason = change.state, wanted, reason
    change.decided_by, change.decided_at = by, timezone.now()
    change.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    audit.record(by=by, action=f"change.{wanted.value}", target=change, before=before, reason=reason)
    return change


def _state(text: str) -> ChangeState:
    try:
        return ChangeState(text)
    except ValueError as error:
        allowed = ", ".join(ChangeState.values)
        raise DomainError(_("There is no such state."), fields={"state": _("must be one of %(allowed)s") % {"allowed": allowed}}) from error
