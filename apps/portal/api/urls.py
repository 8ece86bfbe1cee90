from django.urls import URLPattern, path

from apps.portal.api import features, holders, sameport

urlpatterns: list[URLPattern] = [
    path("holders/", holders.HoldersView.as_view(), name="holders"),
    path("same-port/", sameport.SamePortView.as_view(), name="same-port"),
    path("common-features/", features.CommonFeaturesView.as_view(), name="common-features"),
    path("feature-sets/", features.FeatureSetsView.as_view(), name="feature-sets"),
    path("feature-sets/<int:number>/", features.FeatureSetView.as_view(), name="feature-set"),
    path("feature-sets/<int:number>/hosts/", features.FeatureSetHostsView.as_view(), name="feature-set-hosts"),
]
