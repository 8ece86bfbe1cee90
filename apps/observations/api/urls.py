from django.urls import URLPattern, path

from apps.observations.api import ingest_views, views

urlpatterns: list[URLPattern] = [
    path("ingest/batches/<str:uuid>", ingest_views.BatchView.as_view(), name="ingest-batch"),
    path("ingest/heartbeats", ingest_views.HeartbeatView.as_view(), name="ingest-heartbeat"),
    path("rankings/", views.RankingView.as_view(), name="rankings"),
    path("sources/", views.SourcesView.as_view(), name="sources"),
]
