"""Administrators of the sources behind a view, for programs of own staff."""

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.permissions import IsOwnStaff
from apps.analysis.api.tables import RowsCSVRenderer
from apps.enrichment.models import HolderKind
from apps.observations import params, queries
from apps.observations.api import parameters
from apps.observations.api.serializers import MetaOut
from apps.observations.api.views import ERRORS, FigureView
from apps.portal.holdertables import Naming, Ranked, counts_of, kinds_of, ranked

MOST = 1000
PARAMETERS = [
    parameters.count("limit", 10, MOST, "Number of rows."),
    OpenApiParameter(
        "anonymised",
        OpenApiTypes.BOOL,
        default=False,
        description="Pseudonyms by rank as a published report has them: without ids or anything else that tells who it is, holders of"
        " fewer than three sources among the others.",
    ),
    OpenApiParameter("kinds", str, description=f"Kinds of holders separated by commas: {', '.join(HolderKind.values)}."),
    *parameters.SELECTION,
    parameters.FORMAT,
]


class HolderOut(serializers.Serializer):
    rank = serializers.IntegerField(allow_null=True, help_text="`null` for the others together.")
    label = serializers.CharField()  # type: ignore[assignment]  # a name of the answer, not of the field
    kind = serializers.ChoiceField(HolderKind.choices, allow_null=True)
    sources = serializers.IntegerField(help_text="Distinct over the period.")
    daily = serializers.FloatField(allow_null=True, help_text="Mean number of sources on a day that was watched.")
    id = serializers.IntegerField(source="holder.id", allow_null=True, default=None)
    registry = serializers.CharField(source="holder.registry", allow_null=True, default=None)
    country = serializers.CharField(source="holder.country", allow_null=True, default=None)
    networks = serializers.SerializerMethodField(help_text="Number of registered ranges.")
    fetched_at = serializers.DateTimeField(source="holder.fetched_at", allow_null=True, default=None)
    is_sample = serializers.BooleanField(source="holder.is_sample", allow_null=True, default=None)

    def get_networks(self, row: Ranked) -> int | None:
        return len(row.holder.networks) if row.holder else None


class HoldersOut(serializers.Serializer):
    total = serializers.IntegerField(help_text="m: distinct sources behind the view.")
    looked_up = serializers.IntegerField(help_text="n: those whose holder is known, by their own address or a neighbour's.")
    meta = MetaOut()
    rows = HolderOut(many=True)


class HoldersView(FigureView):
    renderer_classes = [JSONRenderer, RowsCSVRenderer]
    others = parameters.names(PARAMETERS)
    columns = ("rank", "label", "kind", "sources", "daily", "id", "registry", "country", "networks", "fetched_at", "is_sample")

    def get_permissions(self) -> list[BasePermission]:
        return [IsAuthenticated(), IsOwnStaff()]

    @extend_schema(
        operation_id="holders",
        summary="Administrators of the sources behind a view",
        description="From look-ups already made; nothing is asked of a registry. Own staff only.",
        parameters=PARAMETERS,
        responses={200: HoldersOut, **ERRORS},
        tags=["figures"],
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        naming = Naming.PSEUDONYMS if params.flag_from(query, "anonymised") else Naming.NAMES
        kinds, limit = kinds_of(query), params.limit_from(query, 10, MOST)
        with queries.reading():
            selection = params.selection_from(query, request.user, others=self.others)
            counts, meta = counts_of(selection)
        rows = ranked(counts, naming, kinds)[:limit]
        return self.answer(HoldersOut, {"total": counts.total, "looked_up": counts.looked_up, "meta": meta, "rows": rows}, selection)
