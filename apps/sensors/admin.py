from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework_api_key.models import APIKey

from apps.accounts.audited_admin import AuditedAdmin
from apps.accounts.models import User
from apps.sensors import services
from apps.sensors.models import Sensor, SensorKey

if admin.site.is_registered(APIKey):
    admin.site.unregister(APIKey)  # the package's own kind of key, which opens nothing here


@admin.register(Sensor)
class SensorAdmin(AuditedAdmin):
    """The inventory. Sensors are enrolled by `manage.py add_sensor`, which shows the key; they retire, and are never
    deleted or moved between panels: their counts and public numbers stand."""

    list_display = [
        "name",
        "organisation",
        "country",
        "is_overseas",
        "line_type",
        "address_count",
        "active_from",
        "active_to",
        "last_seen_at",
    ]
    list_filter = ["is_overseas", "line_type", "organisation"]
    list_select_related = ["organisation"]
    search_fields = ["name"]
    readonly_fields = ["is_overseas", "last_seen_at", "last_packet_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SensorKey)
class SensorKeyAdmin(AuditedAdmin):
    list_display = ["prefix", "sensor", "name", "may_import", "created", "last_used_at", "expiry_date", "revoked"]
    list_filter = ["revoked", "may_import"]
    list_select_related = ["sensor"]
    fields = ["prefix", "sensor", "name", "may_import", "created", "last_used_at", "expiry_date", "revoked"]
    actions = ["revoke"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)  # the list with its action, no form

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, None)

    @admin.action(description=_("Revoke the chosen keys"))
    def revoke(self, request: HttpRequest, queryset: "QuerySet[SensorKey]") -> None:
        by = request.user if isinstance(request.user, User) else None
        for key in queryset.select_related("sensor"):
            services.revoke_key(key=key, by=by)
