"""Which state may follow which. This table is the only one; docs/subsystems/coordination.md shows it."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from apps.common.errors import DomainError
from apps.coordination.models import HostState, IncidentState, InvestigationState
from apps.coordination.models import HostState as H
from apps.coordination.models import InvestigationState as S

INCIDENT: Mapping[IncidentState, tuple[IncidentState, ...]] = {
    IncidentState.OPEN: (IncidentState.RESOLVED, IncidentState.ABANDONED),
    IncidentState.RESOLVED: (IncidentState.OPEN,),
    IncidentState.ABANDONED: (IncidentState.OPEN,),
}

INVESTIGATION: Mapping[InvestigationState, tuple[InvestigationState, ...]] = {
    S.DRAFT: (S.APPROVED, S.RESOLVED),
    S.APPROVED: (S.SENT, S.DRAFT, S.UNCERTAIN),
    S.SENT: (S.AWAITING_CONTACT, S.REPLIED, S.BOUNCED, S.VERIFYING, S.RESOLVED),
    S.AWAITING_CONTACT: (S.REPLIED, S.AWAITING_US, S.BOUNCED, S.VERIFYING, S.RESOLVED, S.CLOSED_NO_RESPONSE),
    S.REPLIED: (S.AWAITING_US, S.AWAITING_CONTACT, S.VERIFYING, S.RESOLVED),
    S.AWAITING_US: (S.AWAITING_CONTACT, S.VERIFYING, S.RESOLVED),
    S.VERIFYING: (S.REPLIED, S.AWAITING_US, S.AWAITING_CONTACT, S.RESOLVED),
    S.RESOLVED: (S.REPLIED, S.AWAITING_US, S.DRAFT),
    S.CLOSED_NO_RESPONSE: (S.REPLIED, S.AWAITING_US),
    S.BOUNCED: (S.DRAFT, S.AWAITING_US, S.CLOSED_NO_RESPONSE),
    S.UNCERTAIN: (S.SENT, S.DRAFT),
}

# Moves that follow from something else, never a button of states: from the outbox (delivery, and a person's word on an
# uncertain delivery), and from taking hosts back that were moved to another ticket.
NEVER_BY_HAND = frozenset({(S.DRAFT, S.APPROVED), (S.APPROVED, S.SENT), (S.APPROVED, S.DRAFT), (S.APPROVED, S.UNCERTAIN),
                          (S.UNCERTAIN, S.SENT), (S.UNCERTAIN, S.DRAFT), (S.RESOLVED, S.DRAFT)})  # fmt: skip

_VERDICTS = (H.CUSTOMER_INFORMED, H.CLAIMED_FIXED, H.TAKEN_OFFLINE, H.UNIDENTIFIABLE, H.FALSE_POSITIVE, H.NOT_THEIRS)
_WATCHED = (H.STILL_OBSERVED, H.QUIET, H.OBSERVED_AGAIN)

HOST: Mapping[HostState, tuple[HostState, ...]] = {
    H.PENDING: (H.NOTIFIED, H.FALSE_POSITIVE),
    H.NOTIFIED: (*_VERDICTS, H.STILL_OBSERVED, H.QUIET),
    H.CUSTOMER_INFORMED: (H.CLAIMED_FIXED, H.TAKEN_OFFLINE, H.UNIDENTIFIABLE, H.FALSE_POSITIVE, H.NOT_THEIRS, H.STILL_OBSERVED, H.QUIET),
    H.CLAIMED_FIXED: (H.TAKEN_OFFLINE, H.FALSE_POSITIVE, *_WATCHED),
    H.TAKEN_OFFLINE: (H.CLAIMED_FIXED, *_WATCHED),
    H.UNIDENTIFIABLE: (H.CUSTOMER_INFORMED, H.CLAIMED_FIXED, H.NOT_THEIRS, H.STILL_OBSERVED, H.QUIET),
    H.STILL_OBSERVED: (*_VERDICTS, H.QUIET),
    H.QUIET: (H.CLAIMED_FIXED, H.TAKEN_OFFLINE, H.FALSE_POSITIVE, H.OBSERVED_AGAIN),
    H.OBSERVED_AGAIN: (*_VERDICTS, H.STILL_OBSERVED, H.QUIET),
    H.FALSE_POSITIVE: (H.PENDING, H.NOTIFIED),
    H.NOT_THEIRS: (H.PENDING, H.NOTIFIED),
}


class TransitionError(DomainError):
    """The table does not hold this move."""

    status = 409
    code = "forbidden_transition"


def require(table: Mapping, current: str, wanted: str) -> None:
    """TransitionError unless `table` lets `current` become `wanted`."""
    if wanted not in table[current]:
        raise TransitionError(
            _("A state cannot change from “%(current)s” to “%(wanted)s”.")
            % {"current": _label(table, current), "wanted": _label(table, wanted)}
        )


def choices_by_hand(current: str) -> list[InvestigationState]:
    """The states a person may give a ticket that is in `current`, in the order of the table."""
    state = InvestigationState(current)
    return [wanted for wanted in INVESTIGATION[state] if (state, wanted) not in NEVER_BY_HAND]


def _label(table: Mapping, value: str) -> str:
    return str(next(state.label for state in table if state == value)) if value in table else value
