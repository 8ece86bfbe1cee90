from django.contrib import admin
from django.urls import include, path

from apps.portal.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("admin/", admin.site.urls),
    path("accounts/", include("apps.accounts.urls")),
    path("api/v1/", include("tsubame_portal.api_urls")),
    path("enrichment/", include("apps.enrichment.urls")),
    path("tickets/", include("apps.coordination.urls")),
    path("", include("apps.portal.urls")),
]
