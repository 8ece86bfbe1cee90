"""Figures for programs: the same parameters, queries and rules as the pages."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.observations import params, queries
from apps.observations.api import parameters
from apps.observations.api.renderers import FigureCSVRenderer
from apps.observations.api.serializers import ErrorOut, RankingOut, SourcePageOut
from apps.observations.figures import Selection

ERRORS = {
    400: OpenApiResponse(ErrorOut, "A parameter is unknown, malformed or absurd; `fields` names it."),
    401: OpenApiResponse(ErrorOut, "No token and no session."),
    503: OpenApiResponse(ErrorOut, "The view takes too long to compute."),
}


class FigureView(APIView):
    """Signed-in people and programs; what they may draw on is decided by the sensor scope of the selection."""

    renderer_classes = [JSONRenderer, FigureCSVRenderer]

    def answer(self, shape: type[serializers.Serializer[Any]], figure: object, selection: Selection) -> Response:
        return Response(shape(figure, context={"zone": selection.period.zone}).data)


class RankingView(FigureView):
    others = parameters.names(parameters.RANKING)

    @extend_schema(
        operation_id="rankings",
        summary="First ports, regions or sensors",
        parameters=parameters.RANKING,
        responses={200: RankingOut, **ERRORS},
        tags=["figures"],
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        with queries.reading():
            selection = params.selection_from(query, request.user, others=self.others)
            figure = queries.ranking(
                selection,
                dimension=params.dimension_from(query),
                unit=params.unit_from(query),
                limit=params.limit_from(query),
                previous=params.flag_from(query, "previous"),
            )
            return self.answer(RankingOut, figure, selection)


class SourcesView(FigureView):
    others = parameters.names(parameters.SOURCES)

    @extend_schema(
        operation_id="sources",
        summary="Source addresses behind a view",
        description="Most packets first. Partners get the sources of their own sensors.",
        parameters=parameters.SOURCES,
        responses={200: SourcePageOut, **ERRORS},
        tags=["figures"],
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        with queries.reading():
            selection = params.selection_from(query, request.user, others=self.others)
            page = queries.sources(selection, cursor=params.text_from(query, "cursor"), limit=params.limit_from(query, 100))
            return self.answer(SourcePageOut, page, selection)
