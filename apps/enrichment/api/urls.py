from django.urls import URLPattern, path

from apps.enrichment.api import providers

urlpatterns: list[URLPattern] = [
    path("enrichment/providers/", providers.ProvidersView.as_view(), name="providers"),
]
