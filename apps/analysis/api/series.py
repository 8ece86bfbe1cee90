"""Curves for programs, with their means and what they are compared with."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.analysis.comparison import curves
from apps.observations import params, queries
from apps.observations.api import parameters
from apps.observations.api.serializers import MetaOut, MomentField, SeriesOut, SeriesSetOut, ValuesField
from apps.observations.api.views import ERRORS, FigureView
from apps.observations.figures import Against

MAX_MEAN = 366
PARAMETERS = [
    OpenApiParameter(
        "mean",
        {"type": "integer", "minimum": 1, "maximum": MAX_MEAN},
        description="Add the trailing mean over so many bins.",
    ),
    OpenApiParameter(
        "compare",
        str,
        enum=[against.value for against in Against],
        description="Add the same series in the period before, or in the same span of the calendar a year before.",
    ),
    *parameters.SERIES,
]


class CurveOut(SeriesOut):
    mean = ValuesField(allow_null=True, help_text="One a bin; null until `mean` bins have gone by, and where none of them is covered.")


class CurvesOut(serializers.Serializer):
    split = serializers.CharField(source="main.split")
    bin = serializers.CharField(source="main.bin")
    starts = serializers.ListField(child=MomentField(), source="main.starts")
    meta = MetaOut(source="main.meta")
    series = CurveOut(many=True)
    mean = serializers.IntegerField(help_text="Bins of the trailing mean, 0 for none.")
    against = serializers.CharField(allow_null=True)
    compared = SeriesSetOut(allow_null=True, help_text="The same keys in the same order; bins are counted from the begin of its period.")


class SeriesView(FigureView):
    others = parameters.names(PARAMETERS)

    @extend_schema(
        operation_id="series",
        summary="Series by hour, day, week or month",
        parameters=PARAMETERS,
        responses={200: CurvesOut, **ERRORS},
        tags=["figures"],
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        with queries.reading():
            selection = params.selection_from(query, request.user, others=self.others)
            found = curves(
                selection,
                split=params.split_from(query),
                bin=params.bin_from(query, selection.period),
                unit=params.unit_from(query),
                top=params.top_from(query),
                mean=params.number_from(query, "mean", 0, MAX_MEAN),
                against=params.against_from(query),
            )
            return self.answer(CurvesOut, found, selection)
