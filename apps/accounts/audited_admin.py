"""Django administration whose changes also stand in the portal's audit log."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.accounts import audit
from apps.accounts.models import User


class AuditedAdmin(admin.ModelAdmin):
    """Every addition, change and deletion made here is recorded as `<model>.<added|changed|deleted>`."""

    def log_addition(self, request: HttpRequest, object: Model, message: Any) -> Any:
        _record(request, object, "added", message)
        return super().log_addition(request, object, message)

    def log_change(self, request: HttpRequest, object: Model, message: Any) -> Any:
        _record(request, object, "changed", message)
        return super().log_change(request, object, message)

    def log_deletions(self, request: HttpRequest, queryset: "QuerySet[Any]") -> Any:
        for row in queryset:
            _record(request, row, "deleted", [])
        return super().log_deletions(request, queryset)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows to look at, not to change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _record(request: HttpRequest, row: Model, verb: str, message: Any) -> None:
    by = request.user if isinstance(request.user, User) else None
    audit.record(by=by, action=f"{row._meta.model_name}.{verb}", target=row, changes=message)
