from django.urls import path

from apps.portal.views import changes, crowds, explorer, holders, pages, regions

app_name = "portal"
urlpatterns = [
    path("", pages.home, name="home"),
    path("search/", pages.search, name="search"),
    path("freshness/", pages.freshness, name="freshness"),
    path("explorer/", explorer.explorer, name="explorer"),
    path("ports/", pages.ports, name="ports"),
    path("ports/<str:protocol>/<str:number>/", pages.port, name="port"),
    path("regions/", pages.regions, name="regions"),
    path("regions/<str:code>/", pages.region, name="region"),
    path("regions/<str:code>/panels.csv", pages.csv_panels, name="csv-panels"),
    path("map/", regions.world_map, name="map"),
    path("label-moves/", regions.label_moves, name="label-moves"),
    path("label-moves/card/", regions.label_moves_card, name="label-moves-card"),
    path("label-moves/terms.csv", regions.csv_label_moves, name="csv-label-moves"),
    path("sensors/", pages.sensors, name="sensors"),
    path("sources/", pages.sources, name="sources"),
    path("sources/<str:address>/", pages.source, name="source"),
    path("sources/<str:address>/timeline.csv", pages.csv_timeline, name="csv-timeline"),
    path("changes/", changes.changes, name="changes"),
    path("changes/<int:change>/decision/", changes.decide_change, name="decide-change"),
    path("co-ports/", crowds.co_ports, name="co-ports"),
    path("only-these-sensors/", crowds.only_these_sensors, name="only-these-sensors"),
    path("cohorts/", crowds.cohorts, name="cohorts"),
    path("cohorts.csv", crowds.csv_cohort, name="csv-cohort"),
    path("cohorts/holders/", crowds.holders_of_cohort, name="cohort-holders"),
    path("cohorts/days.csv", crowds.csv_cohort_days, name="csv-cohort-days"),
    path("holders/", holders.holders, name="holders"),
    path("holders.csv", holders.csv_holders, name="csv-holders"),
    path("holders/<int:pk>/", holders.holder, name="holder"),
    path("holders/<int:pk>/sources/", holders.holder_ports, name="holder-sources"),
    path("holders/<int:pk>/trend.csv", holders.csv_holder_trend, name="csv-holder-trend"),
    path("sources.csv", pages.csv_sources, name="csv-sources"),
]
