from django.urls import URLPattern, path

from apps.analysis.api import annotations, changes, cohorts, coports, label_moves, matrices, portgroups, profiles, ratios, series

urlpatterns: list[URLPattern] = [
    path("changes/", changes.ChangesView.as_view(), name="changes"),
    path("changes/<int:change>/decision/", changes.ChangeDecisionView.as_view(), name="change-decision"),
    path("annotations/", annotations.AnnotationsView.as_view(), name="annotations"),
    path("annotations/<int:number>/", annotations.AnnotationView.as_view(), name="annotation"),
    path("series/", series.SeriesView.as_view(), name="series"),
    path("ratios/", ratios.RatiosView.as_view(), name="ratios"),
    path("profile/", profiles.ProfileView.as_view(), name="profile"),
    path("matrix/", matrices.MatrixView.as_view(), name="matrix"),
    path("port-groups/", portgroups.PortGroupsView.as_view(), name="port-groups"),
    path("co-ports/", coports.CoPortsView.as_view(), name="co-ports"),
    path("only-these-sensors/", coports.ExclusivesView.as_view(), name="only-these-sensors"),
    path("cohorts/evaluate/", cohorts.CohortView.as_view(), name="cohorts-evaluate"),
    path("label-moves/", label_moves.LabelMovesView.as_view(), name="label-moves"),
]
