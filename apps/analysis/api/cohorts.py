"""Cohorts for programs."""

from typing import Any, cast

from drf_spectacular.utils import OpenApiTypes, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.analysis.api.coports import CoPortOut
from apps.analysis.api.tables import RowsCSVRenderer
from apps.analysis.cohorts.evaluation import Cohort, Listing, evaluate
from apps.analysis.cohorts.expressions import Match
from apps.analysis.cohorts.reading import question_from
from apps.common import regions
from apps.observations import params, queries
from apps.observations.api.renderers import SOURCES
from apps.observations.api.serializers import MetaOut, SourceRowOut
from apps.observations.api.views import ERRORS, FigureView

DESCRIPTION = """`expression` is a condition, or conditions under `and`, `or` and, inside `and`, `not`. A condition holds any of
`ports`, `groups`, `regions`, `origin`, `signatures`, `scanners`, `sensors`, `from`, `to`, `period` (as in URLs, or lists) and
`min_sensors`. With `match` `same_day` (the default) an `and` means the same reporting day, with `any_day` any time."""
EXAMPLE: dict[str, Any] = {
    "expression": {"and": [{"ports": "tcp/37215"}, {"ports": "tcp/23"}, {"not": {"regions": "JP"}}]},
    "match": "any_day",
}


@extend_schema_field(OpenApiTypes.OBJECT)
class AnyField(serializers.JSONField):
    """JSON as it is."""


COHORT_IN = inline_serializer(
    "CohortIn",
    {
        "expression": AnyField(help_text="See above.", default=EXAMPLE["expression"]),
        "match": serializers.ChoiceField([match.value for match in Match], default=Match.SAME_DAY.value),
        "from": serializers.CharField(required=False),
        "to": serializers.CharField(required=False),
        "period": serializers.CharField(required=False),
        "zone": serializers.CharField(required=False),
        "sensors": serializers.CharField(required=False),
        "fixed": serializers.CharField(required=False),
        "limit": serializers.IntegerField(default=100, min_value=1, max_value=params.MAX_LIMIT),
        "cursor": serializers.CharField(required=False),
    },
)


class AtomCountOut(serializers.Serializer):
    path = serializers.CharField(allow_blank=True, help_text="Where the condition stands, such as `and[1]`.")
    sources = serializers.IntegerField()


class DayCountOut(serializers.Serializer):
    day = serializers.DateField()
    sources = serializers.IntegerField(allow_null=True, help_text="null: nobody watched.")


class PartOut(serializers.Serializer):
    region = serializers.SerializerMethodField()
    sources = serializers.IntegerField()

    def get_region(self, part: Any) -> str:
        return regions.decode(part.code)


class CohortOut(serializers.Serializer):
    match = serializers.CharField(source="cohort.question.match")
    total = serializers.IntegerField(source="cohort.total", help_text="Distinct sources, an IPv6 one by its /64.")
    atoms = AtomCountOut(source="cohort.atoms", many=True)
    days = DayCountOut(source="cohort.days", many=True, help_text="Empty where days do not matter.")
    regions = PartOut(source="cohort.regions", many=True)
    co_ports = CoPortOut(source="cohort.co_ports", many=True)
    meta = MetaOut(source="cohort.meta")
    next_cursor = serializers.CharField(source="listing.page.next_cursor", allow_null=True, default=None)
    rows = SourceRowOut(source="listing.page.rows", many=True, allow_null=True, default=None)
    rows_problem = serializers.CharField(source="listing.problem", help_text="Why there are no rows; else empty.")


class CohortView(FigureView):
    renderer_classes = [JSONRenderer, RowsCSVRenderer]
    columns = SOURCES

    @extend_schema(
        operation_id="evaluate_cohort",
        summary="Sources that did this and that and not the other",
        description=DESCRIPTION,
        request=COHORT_IN,
        responses={200: CohortOut, **ERRORS},
        tags=["figures"],
    )
    def post(self, request: Request) -> Response:
        body: Any = request.data
        with queries.reading():
            question = question_from(body, cast(User, request.user))
            paging = {name: str(body[name]) for name in ("limit", "cursor") if name in body}
            limit, cursor = params.limit_from(paging, 100), params.text_from(paging, "cursor")
            cohort = evaluate(question)
            return self.answer(CohortOut, Answer(cohort, cohort.listing(cursor, limit)), question.base)


class Answer:
    """A cohort and a part of its members."""

    def __init__(self, cohort: Cohort, listing: Listing) -> None:
        self.cohort, self.listing = cohort, listing
