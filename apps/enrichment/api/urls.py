from django.urls import URLPattern, path

from apps.enrichment.api import hosts, providers

urlpatterns: list[URLPattern] = [
    path("enrichment/providers/", providers.ProvidersView.as_view(), name="providers"),
    path("hosts/<str:address>/", hosts.HostView.as_view(), name="host"),
]
