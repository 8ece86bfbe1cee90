"""The coverage calendar for programs."""

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.models import User
from apps.common.exports import csv_lines
from apps.observations import params, queries
from apps.observations.api import parameters
from apps.observations.api.renderers import FigureCSVRenderer
from apps.observations.api.views import ERRORS
from apps.sensors.models import Sensor
from apps.sensors.queries import sensor_labels

PARAMETERS = [
    *(one for one in parameters.SELECTION if one.name in {"from", "to", "period", "zone", "sensors"}),
    parameters.FORMAT,
]


class SensorCoverageOut(serializers.Serializer):
    id = serializers.IntegerField(source="sensor")
    label = serializers.SerializerMethodField()  # type: ignore[assignment]  # a name of the answer, not of the field
    hours = serializers.ListField(
        child=serializers.IntegerField(allow_null=True), help_text="Covered hours of each day; null: the sensor was not active."
    )
    covered_days = serializers.IntegerField(help_text="Days with at least five sixths of their hours covered.")
    active_days = serializers.IntegerField()

    def get_label(self, row: object) -> str:
        return str(self.context["labels"][row.sensor])  # type: ignore[attr-defined]


class CoverageOut(serializers.Serializer):
    days = serializers.ListField(child=serializers.DateField(), help_text="Days of the reporting zone.")
    lengths = serializers.ListField(child=serializers.IntegerField(), help_text="Hours that each day has.")
    sensors = SensorCoverageOut(many=True)


class CoverageCSVRenderer(FigureCSVRenderer):
    """A line a day, a column a sensor."""

    def render(self, data, accepted_media_type=None, renderer_context=None):  # type: ignore[no-untyped-def]
        if "sensors" not in data:
            return super().render(data, accepted_media_type, renderer_context)
        columns = [sensor["hours"] for sensor in data["sensors"]]
        header = ["day", "hours", *(sensor["label"] for sensor in data["sensors"])]
        return "".join(csv_lines(header, zip(data["days"], data["lengths"], *columns, strict=True))).encode()


class CoverageView(APIView):
    renderer_classes = [JSONRenderer, CoverageCSVRenderer]

    @extend_schema(
        operation_id="coverage",
        summary="Covered hours of each sensor and day",
        description="Of the sensors that you may see one by one; 40,000 sensor-days at most.",
        parameters=PARAMETERS,
        responses={200: CoverageOut, **ERRORS},
        tags=["operation"],
    )
    def get(self, request: Request) -> Response:
        query, user = request.query_params, cast(User, request.user)
        params.read(query, parameters.names(PARAMETERS))
        with queries.reading():
            selection = params.selection_from(query, user, others=("format",))
            sensors = list(Sensor.objects.visible_to(user).filter(pk__in=selection.scope.sensor_ids))
            found = queries.coverage_calendar([sensor.pk for sensor in sensors], selection.period)
            return Response(CoverageOut(found, context={"labels": sensor_labels(sensors, user)}).data)
