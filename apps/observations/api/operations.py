"""Scanner lists and exclusions for programs: the rows of the pages, and the same writes."""

from typing import Any, cast

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.guards import get_visible_or_404
from apps.accounts.models import Role, User
from apps.accounts.permissions import own_staff_with
from apps.common.errors import ParameterError
from apps.common.ports import PortKey
from apps.observations import params, queries
from apps.observations.api import parameters
from apps.observations.api.renderers import FigureCSVRenderer
from apps.observations.api.serializers import ErrorOut, SeriesSetOut
from apps.observations.counting.exclusions import MAX_REASON, exclude, lift
from apps.observations.counting.rerolls import remove_scanners_and_reroll
from apps.observations.figures import Dimension
from apps.observations.planning import excluded
from apps.reference.models import ScannerList
from apps.sensors.models import Exclusion, Sensor

NO_SUCH = {404: OpenApiResponse(ErrorOut, "No such row, or not yours to see or change.")}
REFUSED = {400: OpenApiResponse(ErrorOut, "What is wrong, by name of the field.")}
PERIOD = tuple(one for one in parameters.SELECTION if one.name in {"from", "to", "period", "zone"})


class ProgressOut(serializers.Serializer):
    days = serializers.IntegerField(help_text="Days with observations that it touches.")
    waiting = serializers.IntegerField(help_text="Of them, days that wait to be counted anew.")


class ScannerListOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    date = serializers.DateField()
    first_day = serializers.DateField(help_text="First day on which it holds.")
    last_day = serializers.DateField(help_text="Last day on which it holds, inclusive.")
    ranges = serializers.IntegerField()
    progress = ProgressOut()


class ExclusionOut(serializers.Serializer):
    id = serializers.IntegerField()
    sensor_id = serializers.IntegerField()
    sensor = serializers.CharField()
    port = serializers.CharField()
    first_day = serializers.DateField()
    last_day = serializers.DateField(allow_null=True, help_text="Inclusive; null: until lifted.")
    reason = serializers.CharField()
    progress = ProgressOut()


class ExclusionIn(serializers.Serializer):
    sensor_id = serializers.IntegerField(min_value=1, max_value=2**31)
    port = serializers.CharField(max_length=20, help_text="Such as tcp/22.")
    first_day = serializers.DateField()
    last_day = serializers.DateField(required=False, allow_null=True)
    reason = serializers.CharField(max_length=MAX_REASON)


class OperationsView(APIView):
    renderer_classes = [JSONRenderer]
    writers: tuple[Role, ...] = ()

    def get_permissions(self) -> list[BasePermission]:
        is_read = self.request.method in ("GET", "HEAD", "OPTIONS")
        return [IsAuthenticated()] if is_read else [IsAuthenticated(), own_staff_with(*self.writers)()]


class ScannerListsView(OperationsView):
    @extend_schema(
        operation_id="scanner_lists", summary="Lists of survey scanners", responses=ScannerListOut(many=True), tags=["operation"]
    )
    def get(self, request: Request) -> Response:
        params.read(request.query_params, ())
        return Response(ScannerListOut(queries.scanner_lists(), many=True).data)


class ScannerListView(OperationsView):
    writers = (Role.ADMIN,)

    @extend_schema(
        operation_id="scanner_list_remove",
        summary="Remove a list of survey scanners",
        description="For administrators. The days on which it held are counted anew.",
        responses={204: None, **NO_SUCH},
        tags=["operation"],
    )
    def delete(self, request: Request, number: int) -> Response:
        remove_scanners_and_reroll(stored=get_object_or_404(ScannerList, pk=number), by=cast(User, request.user))
        return Response(status=204)


class ExclusionsView(OperationsView):
    writers = (Role.ANALYST, Role.ADMIN)

    @extend_schema(
        operation_id="exclusions", summary="What is kept out of the statistics", responses=ExclusionOut(many=True), tags=["operation"]
    )
    def get(self, request: Request) -> Response:
        params.read(request.query_params, ())
        return Response(ExclusionOut(queries.exclusions(cast(User, request.user)), many=True).data)

    @extend_schema(
        operation_id="exclusion_add",
        summary="Keep a sensor's port out of the statistics",
        description="For analysts and administrators. The days are counted anew; `progress` tells how far that is.",
        request=ExclusionIn,
        responses={201: ExclusionOut, **REFUSED},
        tags=["operation"],
    )
    def post(self, request: Request) -> Response:
        written = ExclusionIn(data=request.data)
        written.is_valid(raise_exception=True)
        user = cast(User, request.user)
        added = _exclude(written.validated_data, user)
        return Response(ExclusionOut(queries.exclusions(user, pk=added.pk)[0]).data, status=201)


class ExclusionView(OperationsView):
    writers = (Role.ANALYST, Role.ADMIN)

    @extend_schema(
        operation_id="exclusion_lift",
        summary="Lift an exclusion",
        description="For analysts and administrators. What it kept out counts again.",
        responses={204: None, **NO_SUCH},
        tags=["operation"],
    )
    def delete(self, request: Request, number: int) -> Response:
        user = cast(User, request.user)
        lift(by=user, exclusion=get_visible_or_404(Exclusion.objects.all(), user, pk=number))
        return Response(status=204)


class ExclusionSeriesView(APIView):
    renderer_classes = [JSONRenderer, FigureCSVRenderer]
    shown = [
        OpenApiParameter("split", str, enum=[split.value for split in excluded.SPLITS], default="none", description="What the series are."),
        *(one for one in parameters.SERIES if one.name in {"bin", "top"}),
        OpenApiParameter("unit", str, enum=[unit.value for unit in excluded.UNITS], default="packets", description="What is counted."),
        *PERIOD,
        parameters.FORMAT,
    ]

    @extend_schema(
        operation_id="exclusion_series",
        summary="What an exclusion keeps out, by bin",
        description="All packets of the sensor to the port that exclusions keep out, whatever their signature.",
        parameters=shown,
        responses={200: SeriesSetOut, **REFUSED, **NO_SUCH},
        tags=["operation"],
    )
    def get(self, request: Request, number: int) -> Response:
        query, user = request.query_params, cast(User, request.user)
        params.read(query, parameters.names(self.shown))
        with queries.reading():
            found = Exclusion.objects.visible_to(user).filter(pk=number).first()
            if found is None:
                raise Http404
            about = {"sensors": str(found.sensor_id), "ports": str(PortKey(found.protocol, found.port))}
            selection = params.selection_from({**query.dict(), **about}, user, others=parameters.names(self.shown))
            figure = queries.excluded_series(
                selection,
                split=params.split_from(query, Dimension.NONE),
                bin=params.bin_from(query, selection.period),
                unit=params.unit_from(query),
                top=params.top_from(query),
            )
            return Response(SeriesSetOut(figure, context={"zone": selection.period.zone}).data)


def _exclude(values: dict[str, Any], user: User) -> Exclusion:
    sensor = Sensor.objects.visible_to(user).observing().filter(pk=values["sensor_id"]).first()
    if sensor is None:
        raise ParameterError("sensor_id", _("there is no such sensor that you may see"))
    try:
        port = PortKey.parse(values["port"])
    except ValueError as error:
        raise ParameterError("port", str(error)) from error
    return exclude(
        by=user, sensor=sensor, port=port, first_day=values["first_day"], last_day=values.get("last_day"), reason=values["reason"]
    )
