from django.urls import path

from apps.enrichment import hostviews, views

app_name = "enrichment"
urlpatterns = [
    path("holder/", views.holder, name="holder"),
    path("lookup/", views.lookup, name="lookup"),
    path("providers/", views.providers, name="providers"),
    path("providers/<str:name>/pause/", views.pause_provider, name="pause-provider"),
    path("providers/<str:name>/resume/", views.resume_provider, name="resume-provider"),
    path("host/", hostviews.host, name="host"),
    path("host/lookup/", hostviews.lookup, name="host-lookup"),
]
