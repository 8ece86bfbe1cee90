"""What people may edit here: named groups of ports. They are reference data; what is edited is also audited, which the apps
below do not know of each other."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.audited_admin import AuditedAdmin
from apps.reference import portgroups
from apps.reference.models import PortGroup


@admin.register(PortGroup)
class PortGroupAdmin(AuditedAdmin):
    list_display = ("slug", "name_en", "name_ja", "pattern", "valid_from", "valid_to")
    search_fields = ("slug", "name_en", "name_ja", "pattern")

    def save_model(self, request: HttpRequest, obj: PortGroup, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        portgroups.forget()

    def delete_model(self, request: HttpRequest, obj: PortGroup) -> None:
        super().delete_model(request, obj)
        portgroups.forget()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PortGroup]) -> None:
        super().delete_queryset(request, queryset)
        portgroups.forget()
