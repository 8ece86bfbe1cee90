"""Co-ports, and sources of the chosen sensors alone, for programs."""

from typing import cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.analysis.api.tables import RowsCSVRenderer
from apps.analysis.coports import MOST, co_ports
from apps.analysis.exclusives import only_these_sensors
from apps.observations import params, queries
from apps.observations.api import parameters
from apps.observations.api.renderers import SOURCES
from apps.observations.api.serializers import MetaOut, SourceRowOut
from apps.observations.api.views import ERRORS, FigureView

LIMIT = OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": 20}, description="Number of ports.")
CO_PORTS = [LIMIT, *parameters.SELECTION, parameters.FORMAT]


class CoPortOut(serializers.Serializer):
    port = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a name of the answer, not of the field
    sources = serializers.IntegerField(help_text="n: how many of the sources behind the view also sent to this port.")
    share = serializers.FloatField(help_text="n ÷ m.")


class CoPortsOut(serializers.Serializer):
    total = serializers.IntegerField(help_text="m: distinct sources behind the view.")
    meta = MetaOut()
    rows = CoPortOut(many=True)


class ExclusivesOut(serializers.Serializer):
    total = serializers.IntegerField(help_text="Distinct sources that the chosen sensors saw.")
    count = serializers.IntegerField(help_text="Of them, those that no other of your sensors saw.")
    other_sensors = serializers.IntegerField()
    next_cursor = serializers.CharField(source="page.next_cursor", allow_null=True)
    meta = MetaOut(source="page.meta")
    rows = SourceRowOut(source="page.rows", many=True)


class CoPortsView(FigureView):
    renderer_classes = [JSONRenderer, RowsCSVRenderer]
    others = parameters.names(CO_PORTS)
    columns = ("port", "label", "sources", "share")

    @extend_schema(
        operation_id="co_ports",
        summary="To which other ports the sources behind a view also sent",
        description="Filters choose the sources; what these sent to other ports in the period counts whichever they are.",
        parameters=CO_PORTS,
        responses={200: CoPortsOut, **ERRORS},
        tags=["figures"],
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        with queries.reading():
            selection = params.selection_from(query, request.user, others=self.others)
            return self.answer(CoPortsOut, co_ports(selection, params.limit_from(query, 20, MOST)), selection)


class ExclusivesView(FigureView):
    renderer_classes = [JSONRenderer, RowsCSVRenderer]
    others = parameters.names(parameters.SOURCES)
    columns = SOURCES

    @extend_schema(
        operation_id="only_these_sensors",
        summary="Sources that only the chosen sensors saw",
        description="Compared with your other sensors under the same filters; `sensors` must leave some. Most packets first.",
        parameters=parameters.SOURCES,
        responses={200: ExclusivesOut, **ERRORS},
        tags=["figures"],
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        with queries.reading():
            selection = params.selection_from(query, request.user, others=self.others)
            found = only_these_sensors(
                selection, cast(User, request.user), params.text_from(query, "cursor"), params.limit_from(query, 100)
            )
            return self.answer(ExclusivesOut, found, selection)
