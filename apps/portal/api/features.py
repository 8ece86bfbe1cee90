"""Common features of hosts and named feature sets, for programs of own staff."""

from typing import cast

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.guards import get_visible_or_404
from apps.accounts.models import Role, User
from apps.accounts.permissions import IsOwnStaff, own_staff_with
from apps.analysis.api.tables import RowsCSVRenderer
from apps.enrichment import featureediting
from apps.enrichment.likeness.featuresets import newest
from apps.enrichment.models import FeatureSet
from apps.observations import params, queries
from apps.observations.api import parameters
from apps.observations.api.serializers import ErrorOut, MetaOut
from apps.observations.api.views import ERRORS, FigureView
from apps.portal.hostfigures import common_features, holder_id_from

HOLDER = OpenApiParameter("holder", int, description="Number of a holder: its sources beside those of others; by default all together.")
PARAMETERS = [HOLDER, *parameters.SELECTION, parameters.FORMAT]
LIMIT = parameters.count("limit", 100, params.MAX_LIMIT, "Number of hosts.")
REFUSALS = {
    400: OpenApiResponse(ErrorOut, "`fields` says what is wrong with which field."),
    401: ERRORS[401],
    404: OpenApiResponse(ErrorOut, "No such feature set, or not for you; analysts write them."),
}


class CommonFeatureOut(serializers.Serializer):
    feature = serializers.CharField()
    sources = serializers.IntegerField(help_text="n: profiles of the group with it.")
    of = serializers.IntegerField(help_text="m: profiles of the group with a scan within 30 days of a packet.")
    share = serializers.FloatField()
    others = serializers.IntegerField()
    others_of = serializers.IntegerField()
    lift = serializers.FloatField(allow_null=True, help_text="Share by the others' share; null where no other host has it.")


class BundleOut(serializers.Serializer):
    features = serializers.ListField(child=serializers.CharField())
    sources = serializers.IntegerField(help_text="Hosts with all of these features.")
    of = serializers.IntegerField()
    share = serializers.FloatField()
    others = serializers.IntegerField()
    others_of = serializers.IntegerField()


class SavedOut(serializers.Serializer):
    feature_set = serializers.IntegerField()
    sources = serializers.IntegerField()


class CommonFeaturesOut(serializers.Serializer):
    holder = serializers.CharField(source="holder_name", allow_blank=True)
    sources = serializers.IntegerField()
    looked_up = serializers.IntegerField(source="asked")
    is_sample = serializers.BooleanField(source="common.has_sample")
    bundles = BundleOut(source="common.bundles", many=True)
    saved = SavedOut(many=True)
    meta = MetaOut()
    rows = CommonFeatureOut(source="common.features", many=True)


class CommonFeaturesView(FigureView):
    permission_classes = [IsAuthenticated, IsOwnStaff]
    renderer_classes = [JSONRenderer, RowsCSVRenderer]
    others = parameters.names([HOLDER, parameters.FORMAT])
    columns = ("feature", "sources", "of", "share", "others", "others_of", "lift")

    @extend_schema(
        operation_id="common_features",
        summary="What the hosts behind a view have in common",
        description="With `holder`: what the sources of one administrator share, beside those of the others in the same view.",
        parameters=PARAMETERS,
        responses={200: CommonFeaturesOut, **ERRORS},
        tags=["enrichment"],
    )
    def get(self, request: Request) -> Response:
        with queries.reading():
            selection = params.selection_from(request.query_params, request.user, others=self.others)
            return self.answer(CommonFeaturesOut, common_features(selection, holder_id_from(request.query_params)), selection)


class FeatureSetIn(serializers.ModelSerializer):
    class Meta:
        model = FeatureSet
        fields = ("name", "note", "wants_all", "wants_any", "wants_none")


class FeatureSetOut(serializers.ModelSerializer):
    class Meta:
        model = FeatureSet
        fields = ("id", "name", "note", "wants_all", "wants_any", "wants_none")


class FeatureSetsOut(serializers.Serializer):
    rows = FeatureSetOut(many=True)


class FeatureHostOut(serializers.Serializer):
    address = serializers.CharField()
    first = serializers.DateTimeField(help_text="The first scan that matches (UTC).")
    last = serializers.DateTimeField()


class FeatureHostsOut(serializers.Serializer):
    rows = FeatureHostOut(many=True)


class _SetView(APIView):
    renderer_classes = [JSONRenderer]

    def get_permissions(self) -> list[BasePermission]:
        own = IsOwnStaff if self.request.method in SAFE_METHODS else own_staff_with(Role.ANALYST)
        return [IsAuthenticated(), own()]

    def found(self, number: int) -> FeatureSet:
        return get_visible_or_404(FeatureSet.objects.all(), self.request.user, pk=number)

    def saved(self, row: FeatureSet | None) -> FeatureSet:
        wanted = FeatureSetIn(row, data=self.request.data)
        wanted.is_valid(raise_exception=True)
        changed = row or FeatureSet()
        for name, value in wanted.validated_data.items():
            setattr(changed, name, value)
        return featureediting.save(row=changed, by=cast(User, self.request.user))


class FeatureSetsView(_SetView):
    @extend_schema(
        operation_id="feature_sets", summary="Saved feature sets", responses={200: FeatureSetsOut, **REFUSALS}, tags=["enrichment"]
    )
    def get(self, request: Request) -> Response:
        params.read(request.query_params, set())
        return Response(FeatureSetsOut({"rows": FeatureSet.objects.visible_to(cast(User, request.user))}).data)

    @extend_schema(
        operation_id="add_feature_set",
        summary="Save a feature set",
        request=FeatureSetIn,
        responses={201: FeatureSetOut, **REFUSALS},
        tags=["enrichment"],
    )
    def post(self, request: Request) -> Response:
        return Response(FeatureSetOut(self.saved(None)).data, status=status.HTTP_201_CREATED)


class FeatureSetView(_SetView):
    @extend_schema(operation_id="feature_set", summary="One feature set", responses={200: FeatureSetOut, **REFUSALS}, tags=["enrichment"])
    def get(self, request: Request, number: int) -> Response:
        return Response(FeatureSetOut(self.found(number)).data)

    @extend_schema(
        operation_id="change_feature_set",
        summary="Write a feature set anew",
        request=FeatureSetIn,
        responses={200: FeatureSetOut, **REFUSALS},
        tags=["enrichment"],
    )
    def put(self, request: Request, number: int) -> Response:
        return Response(FeatureSetOut(self.saved(self.found(number))).data)

    @extend_schema(
        operation_id="remove_feature_set", summary="Remove a feature set", responses={204: None, **REFUSALS}, tags=["enrichment"]
    )
    def delete(self, request: Request, number: int) -> Response:
        featureediting.remove(row=self.found(number), by=cast(User, request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)


class FeatureSetHostsView(_SetView):
    renderer_classes = [JSONRenderer, RowsCSVRenderer]
    columns = ("address", "first", "last")

    @extend_schema(
        operation_id="feature_set_hosts",
        summary="Hosts whose profiles match a feature set, latest scans first",
        parameters=[LIMIT, parameters.FORMAT],
        responses={200: FeatureHostsOut, **REFUSALS},
        tags=["enrichment"],
    )
    def get(self, request: Request, number: int) -> Response:
        query = params.read(request.query_params, {"limit", "format"})
        return Response(FeatureHostsOut({"rows": newest(self.found(number), params.limit_from(query, 100))}).data)
