from django.contrib import admin

from apps.accounts.audited_admin import ReadOnlyAdmin
from apps.enrichment.models import Lookup, Network


@admin.register(Lookup)
class LookupAdmin(ReadOnlyAdmin):
    """What is being looked up, waits or failed, and why."""

    list_display = ["address", "state", "registry", "reason", "attempts", "queued_at", "next_try_at", "error_text"]
    list_filter = ["state", "registry"]
    search_fields = ["=address"]


@admin.register(Network)
class NetworkAdmin(ReadOnlyAdmin):
    list_display = ["start", "end", "name", "holder", "country", "registry", "is_sample", "fetched_at"]
    list_filter = ["registry", "is_sample"]
    search_fields = ["name", "holder", "handle"]
