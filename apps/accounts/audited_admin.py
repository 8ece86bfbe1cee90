"""Django administration whose changes also stand in the portal's audit log."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import helpers
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.accounts import audit
from apps.accounts.models import User


class TidyAdmin(admin.ModelAdmin):
    """Lists are narrowed by their own filters only: others reach columns that refuse the text, such as addresses and arrays.
    NUL, which no text of the database can hold, finds nothing."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup.partition("__")[0] in self.list_filter and "\x00" not in "".join(value)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return None if "\x00" in object_id else super().get_object(request, object_id, from_field)

    def response_action(self, request: HttpRequest, queryset: "QuerySet[Any]") -> Any:  # type: ignore[override]  # of Django 6 in stubs
        for key in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME):
            if "\x00" in key or not _is_key(queryset.model, key):
                raise BadRequest("no key of a row")
        return super().response_action(request, queryset)


class AuditedAdmin(TidyAdmin):
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


class ReadOnlyAdmin(TidyAdmin):
    """Rows to look at, not to change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _is_key(model: type[Model], text: str) -> bool:
    try:
        model._meta.pk.to_python(text)
    except ValidationError:
        return False
    return True


def _record(request: HttpRequest, row: Model, verb: str, message: Any) -> None:
    by = request.user if isinstance(request.user, User) else None
    audit.record(by=by, action=f"{row._meta.model_name}.{verb}", target=row, changes=message)
