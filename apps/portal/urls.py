from django.urls import path

from apps.portal import views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("freshness/", views.freshness, name="freshness"),
    path("ports/", views.ports, name="ports"),
    path("ports/<str:protocol>/<str:number>/", views.port, name="port"),
    path("regions/", views.regions, name="regions"),
    path("regions/<str:code>/", views.region, name="region"),
    path("regions/<str:code>/panels.csv", views.csv_panels, name="csv-panels"),
    path("sensors/", views.sensors, name="sensors"),
    path("sources/", views.sources, name="sources"),
    path("sources/<str:address>/", views.source, name="source"),
    path("sources/<str:address>/timeline.csv", views.csv_timeline, name="csv-timeline"),
    path("sources.csv", views.csv_sources, name="csv-sources"),
]
