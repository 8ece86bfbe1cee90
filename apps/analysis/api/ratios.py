"""The three ratios for programs."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.analysis.api.tables import RowsCSVRenderer
from apps.analysis.ratiofigures import MAX_DAYS, RatioQuestion, ratios
from apps.analysis.ratios import RatioName
from apps.observations import params, queries
from apps.observations.api import parameters
from apps.observations.api.serializers import MetaOut
from apps.observations.api.views import ERRORS, FigureView

DESCRIPTION = """`end_start`: mean of the period's last days ÷ mean of its first. `after_before`: mean of `day` and the days after
it ÷ mean of the days before. `day_baseline`: `day` ÷ mean of the days that end with `ending`. Means are over covered days."""
PARAMETERS = [
    parameters.choice("name", tuple(RatioName), RatioName.END_START, "Which of the three."),
    OpenApiParameter("day", str, description="The day of `after_before` and `day_baseline`."),
    OpenApiParameter("ending", str, description="The last day of the baseline of `day_baseline`."),
    parameters.count("days", 10, MAX_DAYS, "Days of a window."),
    parameters.SPLIT,
    parameters.UNIT,
    parameters.count("top", 5, params.MAX_TOP, "Number of keys of a split."),
    *parameters.SELECTION,
    parameters.FORMAT,
]


class RatioRowOut(serializers.Serializer):
    key = serializers.CharField(allow_blank=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a name of the answer, not of the field
    value = serializers.FloatField(source="ratio.value", allow_null=True, help_text="null: no day covered, or nothing to divide by.")
    first = serializers.DateField(source="ratio.numerator.first")
    last = serializers.DateField(source="ratio.numerator.last")
    mean = serializers.FloatField(source="ratio.numerator.mean", allow_null=True)
    covered_days = serializers.IntegerField(source="ratio.numerator.days")
    against_first = serializers.DateField(source="ratio.denominator.first")
    against_last = serializers.DateField(source="ratio.denominator.last")
    against_mean = serializers.FloatField(source="ratio.denominator.mean", allow_null=True)
    against_covered_days = serializers.IntegerField(source="ratio.denominator.days")


class RatiosOut(serializers.Serializer):
    name = serializers.CharField(source="question.name")
    days = serializers.IntegerField(source="question.days")
    split = serializers.CharField()
    meta = MetaOut()
    rows = RatioRowOut(many=True)


class RatiosView(FigureView):
    renderer_classes = [JSONRenderer, RowsCSVRenderer]
    others = parameters.names(PARAMETERS)
    columns = tuple(RatioRowOut().fields)

    @extend_schema(
        operation_id="ratios",
        summary="The ratios that reports quote",
        description=DESCRIPTION,
        parameters=PARAMETERS,
        responses={200: RatiosOut, **ERRORS},
        tags=["analysis"],
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        with queries.reading():
            selection = params.selection_from(query, request.user, others=self.others)
            question = RatioQuestion(
                name=params.choice_from(query, "name", tuple(RatioName), RatioName.END_START),
                day=params.day_from(query, "day"),
                ending=params.day_from(query, "ending"),
                days=params.number_from(query, "days", 10, MAX_DAYS),
            )
            found = ratios(selection, question, params.split_from(query), params.unit_from(query), params.top_from(query))
            return self.answer(RatiosOut, found, selection)
