"""Hour-of-day profiles for programs."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.analysis.profiles import HOURS, UNITS, hour_profile
from apps.common.exports import csv_lines
from apps.observations import params, queries
from apps.observations.api import parameters
from apps.observations.api.renderers import FigureCSVRenderer
from apps.observations.api.serializers import MetaOut, NumberField, ValuesField
from apps.observations.api.views import ERRORS, FigureView

PARAMETERS = [
    parameters.SPLIT,
    parameters.choice("unit", UNITS, UNITS[0], "`sources` are distinct within an hour of the clock, over all days together."),
    parameters.count("top", 5, params.MAX_TOP, "Number of profiles of a split."),
    *parameters.SELECTION,
    parameters.FORMAT,
]


class ProfileLineOut(serializers.Serializer):
    key = serializers.CharField(allow_blank=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a name of the answer, not of the field
    total = NumberField(help_text="The sum of `values`.")
    values = ValuesField(help_text="24, from 0:00 on; null: nobody ever watched at that hour.")
    shares = ValuesField(help_text="Of `total`; they add up to 1.")


class HourProfileOut(serializers.Serializer):
    split = serializers.CharField()
    covered = serializers.ListField(child=serializers.IntegerField(), help_text="On how many days somebody watched each hour.")
    meta = MetaOut()
    profiles = ProfileLineOut(many=True, source="lines")


class ProfileCSVRenderer(FigureCSVRenderer):
    """A line an hour: values of every profile, then shares."""

    def render(self, data: Mapping[str, Any], accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if "profiles" not in data:
            return super().render(data, accepted_media_type, renderer_context)
        lines = data["profiles"]
        labels = [line["label"] or data["meta"]["unit"] for line in lines]
        header = ["hour", *labels, *(f"{label} (share)" for label in labels)]
        rows = zip(range(HOURS), *(line["values"] for line in lines), *(line["shares"] for line in lines), strict=True)
        return "".join(csv_lines(header, rows)).encode()


class ProfileView(FigureView):
    renderer_classes = [JSONRenderer, ProfileCSVRenderer]
    others = parameters.names(PARAMETERS)

    @extend_schema(
        operation_id="profile",
        summary="At which hours of the day packets arrive",
        description="24 hours of the clock of `zone`, over a period of 375 days at most.",
        parameters=PARAMETERS,
        responses={200: HourProfileOut, **ERRORS},
        tags=["analysis"],
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        with queries.reading():
            selection = params.selection_from(query, request.user, others=self.others)
            found = hour_profile(
                selection,
                split=params.split_from(query),
                unit=params.choice_from(query, "unit", UNITS, UNITS[0]),
                top=params.top_from(query),
            )
            return self.answer(HourProfileOut, found, selection)
