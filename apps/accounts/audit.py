"""The one way to write the audit log. Call it inside the transaction of what it records."""

from typing import Any

from apps.accounts.models import AuditEntry, User


def record(*, by: User | None, action: str, target: object, **detail: Any) -> AuditEntry:
    """Write one entry; `by` None stands for the system (a command or scheduled job)."""
    return AuditEntry.objects.create(
        actor=by, actor_name=by.get_username() if by else "system", action=action, target=str(target)[:200], detail=detail
    )
