from django.urls import URLPattern, path

from apps.observations.api import computations, coverage, ingest_views, operations, portnotes, views

urlpatterns: list[URLPattern] = [
    path("ingest/batches/<str:uuid>", ingest_views.BatchView.as_view(), name="ingest-batch"),
    path("ingest/heartbeats", ingest_views.HeartbeatView.as_view(), name="ingest-heartbeat"),
    path("rankings/", views.RankingView.as_view(), name="rankings"),
    path("sources/", views.SourcesView.as_view(), name="sources"),
    path("coverage/", coverage.CoverageView.as_view(), name="coverage"),
    path("computations/<uuid:uuid>/", computations.ComputationView.as_view(), name="computation"),
    path("scanner-lists/", operations.ScannerListsView.as_view(), name="scanner-lists"),
    path("scanner-lists/<int:number>/", operations.ScannerListView.as_view(), name="scanner-list"),
    path("exclusions/", operations.ExclusionsView.as_view(), name="exclusions"),
    path("exclusions/<int:number>/", operations.ExclusionView.as_view(), name="exclusion"),
    path("exclusions/<int:number>/series/", operations.ExclusionSeriesView.as_view(), name="exclusion-series"),
    path("port-notes/", portnotes.PortNotesView.as_view(), name="port-notes"),
    path("port-notes/<int:number>/", portnotes.PortNoteView.as_view(), name="port-note"),
]
