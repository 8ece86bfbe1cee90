from django.urls import URLPattern, path

from apps.analysis.api import label_moves

urlpatterns: list[URLPattern] = [
    path("label-moves/", label_moves.LabelMovesView.as_view(), name="label-moves"),
]
