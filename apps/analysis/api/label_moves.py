"""The split of a region's change for programs."""

from fractions import Fraction

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.analysis.labelmoves.figures import UNITS
from apps.analysis.labelmoves.parameters import question_from
from apps.analysis.labelmoves.split import label_moves
from apps.common.exports import csv_lines
from apps.observations import params, queries
from apps.observations.api.parameters import FORMAT, SELECTION
from apps.observations.api.renderers import FigureCSVRenderer
from apps.observations.api.serializers import MetaOut, PeriodOut
from apps.observations.api.views import ERRORS, FigureView

DESCRIPTION = """Total change = `labels` (address blocks that changed their region in the registries' files) + `sensors`
(added, lost or dark) + `traffic` (the rest). Numbers of sources do not add up; `sources` counts those that moved instead."""
PARAMETERS = [
    OpenApiParameter("region", str, required=True, description="The region whose change is split."),
    OpenApiParameter("before_from", str, description="Begin of the period before; by default as many days just before `from`."),
    OpenApiParameter("before_to", str, description="Its end, exclusive."),
    OpenApiParameter("unit", str, enum=[*UNITS], default=UNITS[1].value, description="`packets` needs periods of as many days."),
    OpenApiParameter("limit", int, default=100, description=f"Number of blocks, {params.MAX_LIMIT} at most."),
    *(parameter for parameter in SELECTION if parameter.name not in {"regions", "origin"}),
    FORMAT,
]  # fmt: skip


@extend_schema_field(OpenApiTypes.DOUBLE)
class FractionField(serializers.Field):
    def to_representation(self, value: Fraction) -> float:
        return int(value) if value.denominator == 1 else float(value)


class TermsOut(serializers.Serializer):
    before = FractionField()
    after = FractionField()
    total = FractionField(help_text="after - before, the sum of the other three.")
    labels = FractionField()
    sensors = FractionField()
    traffic = FractionField()


class MovedSourcesOut(serializers.Serializer):
    before = serializers.IntegerField()
    left = serializers.IntegerField(help_text="Of them, registered in another region at the end of the period.")
    left_share = serializers.FloatField(allow_null=True)
    after = serializers.IntegerField()
    joined = serializers.IntegerField(help_text="Of them, registered in another region at the begin of the period before.")
    joined_share = serializers.FloatField(allow_null=True)


class MovedBlockOut(serializers.Serializer):
    first = serializers.CharField()
    last = serializers.CharField()
    prefix = serializers.CharField(allow_blank=True, help_text="Empty where the range is no single prefix.")
    old = serializers.CharField()
    new = serializers.CharField()
    since = serializers.DateField(allow_null=True, help_text="Date of the first snapshot that shows it.")
    registry = serializers.CharField(allow_blank=True)
    packets_before = serializers.IntegerField()
    packets_after = serializers.IntegerField()
    sources_before = serializers.IntegerField()
    sources_after = serializers.IntegerField()
    labels = serializers.IntegerField(help_text="What the block adds to the term of labels, in packets.")


class LabelMovesOut(serializers.Serializer):
    region = serializers.CharField()
    unit = serializers.CharField()
    before = PeriodOut()
    after = PeriodOut()
    map_before = serializers.DateField(allow_null=True, help_text="Newest snapshot in force on the first day of the period before.")
    map_after = serializers.DateField(allow_null=True, help_text="And on the last day of the period after.")
    terms = TermsOut(allow_null=True, help_text="null: nobody watched in one of the periods.")
    labels_share = serializers.FloatField(allow_null=True, help_text="The term of labels in the larger of both values.")
    sources = MovedSourcesOut()
    block_count = serializers.IntegerField()
    unseen_blocks = serializers.IntegerField(help_text="Blocks from which nothing came.")
    other_labels = serializers.IntegerField(help_text="Packets of the term in no block: moves there and back.")
    sensors_before = serializers.IntegerField()
    sensors_after = serializers.IntegerField()
    sensors_common = serializers.IntegerField()
    meta = MetaOut()
    meta_before = MetaOut()
    rows = MovedBlockOut(many=True, source="blocks")


class BlockCSVRenderer(FigureCSVRenderer):
    """The blocks, a line each."""

    def render(self, data, accepted_media_type=None, renderer_context=None) -> bytes:  # type: ignore[no-untyped-def]
        if "rows" not in data:
            return super().render(data, accepted_media_type, renderer_context)
        names = list(MovedBlockOut().fields)
        return "".join(csv_lines(names, ([row[name] for name in names] for row in data["rows"]))).encode()


class LabelMovesView(FigureView):
    renderer_classes = [JSONRenderer, BlockCSVRenderer]

    @extend_schema(
        operation_id="label_moves",
        summary="How much of a region's change is blocks that changed their region",
        description=DESCRIPTION,
        parameters=PARAMETERS,
        responses={200: LabelMovesOut, **ERRORS},
        tags=["analysis"],
    )
    def get(self, request: Request) -> Response:
        with queries.reading():
            asked = question_from(request.query_params, request.user, others=frozenset({"format"}))
            found = label_moves(asked.selection, asked.before, asked.region, asked.unit, asked.limit)
            return self.answer(LabelMovesOut, found, asked.selection)
