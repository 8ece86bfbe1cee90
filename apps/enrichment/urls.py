from django.urls import path

from apps.enrichment import views

app_name = "enrichment"
urlpatterns = [
    path("holder/", views.holder, name="holder"),
    path("lookup/", views.lookup, name="lookup"),
]
