"""Annotations for programs of own staff."""

from typing import Any, cast

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.guards import get_visible_or_404
from apps.accounts.models import User
from apps.accounts.permissions import IsOwnStaff, own_staff_with
from apps.analysis import annotations
from apps.analysis.api.tables import RowsCSVRenderer
from apps.analysis.models import Annotation
from apps.observations import params, presets
from apps.observations.api import parameters
from apps.observations.api.serializers import ErrorOut
from apps.observations.api.views import ERRORS

PARAMETERS = [*parameters.SELECTION, parameters.FORMAT]
REFUSALS = {
    400: OpenApiResponse(ErrorOut, "`fields` says what is wrong with which field."),
    401: ERRORS[401],
    403: OpenApiResponse(ErrorOut, "Analysts write annotations."),
    404: OpenApiResponse(ErrorOut, "No such annotation."),
}


class AnnotationIn(serializers.Serializer):
    day = serializers.DateField()
    last_day = serializers.DateField(required=False, allow_null=True)
    text_en = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    text_ja = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    url = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    ports = serializers.CharField(required=False, allow_blank=True, max_length=1000, help_text="Such as udp/1020-1039,tcp/23; any without.")
    regions = serializers.CharField(required=False, allow_blank=True, max_length=1000, help_text="Such as JP,NL; any without.")


class AnnotationOut(serializers.ModelSerializer):
    class Meta:
        model = Annotation
        fields = ("id", "day", "last_day", "text_en", "text_ja", "url", "ports", "regions")


class AnnotationListOut(serializers.Serializer):
    rows = AnnotationOut(many=True)


class _AnnotationView(APIView):
    def get_permissions(self) -> list[BasePermission]:
        own = IsOwnStaff if self.request.method in SAFE_METHODS else own_staff_with(*annotations.WRITERS)
        return [IsAuthenticated(), own()]


def _written(request: Request) -> annotations.Written:
    found = AnnotationIn(data=request.data)
    found.is_valid(raise_exception=True)
    return annotations.Written(**found.validated_data)


class AnnotationsView(_AnnotationView):
    renderer_classes = [JSONRenderer, RowsCSVRenderer]
    others = parameters.names([parameters.FORMAT])
    columns = AnnotationOut.Meta.fields

    @extend_schema(
        operation_id="annotations",
        summary="Annotations that belong beside a figure",
        description="Those of the period, by default all of it, that concern its ports and regions.",
        parameters=PARAMETERS,
        responses={200: AnnotationListOut, **ERRORS},
        tags=["analysis"],
    )
    def get(self, request: Request) -> Response:
        selection = params.selection_from(request.query_params, request.user, others=self.others, default_period=presets.Preset.ALL)
        return Response(AnnotationListOut({"rows": annotations.annotations_for(selection, request.user)}).data)

    @extend_schema(
        operation_id="add_annotation",
        summary="Write an annotation",
        request=AnnotationIn,
        responses={201: AnnotationOut, **REFUSALS},
        tags=["analysis"],
    )
    def post(self, request: Request) -> Response:
        made = annotations.add(by=cast(User, request.user), written=_written(request))
        return Response(AnnotationOut(made).data, status=status.HTTP_201_CREATED)


class AnnotationView(_AnnotationView):
    renderer_classes = [JSONRenderer]

    def _found(self, number: int) -> Annotation:
        found: Any = get_visible_or_404(Annotation.objects.all(), self.request.user, pk=number)
        return cast(Annotation, found)

    @extend_schema(operation_id="annotation", summary="One annotation", responses={200: AnnotationOut, **REFUSALS}, tags=["analysis"])
    def get(self, request: Request, number: int) -> Response:
        return Response(AnnotationOut(self._found(number)).data)

    @extend_schema(
        operation_id="change_annotation",
        summary="Write an annotation anew",
        request=AnnotationIn,
        responses={200: AnnotationOut, **REFUSALS},
        tags=["analysis"],
    )
    def put(self, request: Request, number: int) -> Response:
        changed = annotations.change(annotation=self._found(number), by=cast(User, request.user), written=_written(request))
        return Response(AnnotationOut(changed).data)

    @extend_schema(operation_id="remove_annotation", summary="Remove an annotation", responses={204: None, **REFUSALS}, tags=["analysis"])
    def delete(self, request: Request, number: int) -> Response:
        annotations.remove(annotation=self._found(number), by=cast(User, request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)
