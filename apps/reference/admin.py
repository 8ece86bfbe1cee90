"""What people may edit of the reference data: port aliases. Snapshots and scanner lists are loaded by commands."""

from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest

from apps.accounts.audited_admin import AuditedAdmin, ReadOnlyAdmin
from apps.reference import names
from apps.reference.models import PortAlias, RoutingSnapshot, ScannerList, Snapshot


@admin.register(PortAlias)
class PortAliasAdmin(AuditedAdmin):
    list_display = ("__str__", "protocol", "port", "name")
    search_fields = ("name", "=port")

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        names.forget_aliases()

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        super().delete_model(request, obj)
        names.forget_aliases()

    def delete_queryset(self, request: HttpRequest, queryset) -> None:
        super().delete_queryset(request, queryset)
        names.forget_aliases()


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    list_display = ("registry", "date", "rows", "loaded_at")
    list_filter = ("registry",)


@admin.register(RoutingSnapshot)
class RoutingSnapshotAdmin(ReadOnlyAdmin):
    list_display = ("family", "date", "source", "rows", "loaded_at")
    list_filter = ("family",)


@admin.register(ScannerList)
class ScannerListAdmin(ReadOnlyAdmin):
    list_display = ("name", "list_date")
