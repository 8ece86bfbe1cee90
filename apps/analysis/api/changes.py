"""Notable changes for programs: the rows of the page, and what people make of one."""

from typing import cast

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.guards import get_visible_or_404
from apps.accounts.models import User
from apps.accounts.permissions import own_staff_with
from apps.analysis.api.tables import RowsCSVRenderer
from apps.analysis.changes import decisions, listing
from apps.analysis.models import Change, ChangeState
from apps.common.errors import ParameterError
from apps.observations import params, queries
from apps.observations.api.parameters import FORMAT, SELECTION
from apps.observations.api.serializers import ErrorOut
from apps.observations.api.views import ERRORS
from apps.observations.params import Parameters

DESCRIPTION = """Found by the portal after each day has been counted, over all sensors; weightiest first. A change belongs to a period
when any of its days does. Sentences follow the `Accept-Language`. Partners see them where they may read network counts."""
PERIOD = tuple(parameter for parameter in SELECTION if parameter.name in {"from", "to", "period", "zone"})
PARAMETERS = [
    OpenApiParameter("kind", str, enum=[kind.value for kind in listing.Kind], default="any", description="One kind of change."),
    OpenApiParameter("state", str, enum=[state.value for state in listing.State], default="open", description="`open`: not dismissed."),
    OpenApiParameter("dimension", str, enum=[about.value for about in listing.About], default="any", description="What changed."),
    OpenApiParameter("sensors", str, enum=["all", "scenario"], default="all", description="Of which sensors; no other sets are searched."),
    OpenApiParameter("limit", int, default=50, description=f"Number of rows of a page, {params.MAX_LIMIT} at most."),
    OpenApiParameter("page", int, default=1, description="Which page, from 1."),
    *PERIOD,
    FORMAT,
]  # fmt: skip


class ChangeOut(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    sensors = serializers.CharField()
    dimension = serializers.CharField()
    subject = serializers.CharField(help_text="`tcp/23`, `JP`, or two ports separated by a comma.")
    direction = serializers.IntegerField(help_text="1 up, -1 down, 0 neither.")
    first = serializers.DateField()
    last = serializers.DateField()
    score = serializers.FloatField(help_text="0 to 100.")
    sentence = serializers.CharField()
    is_narrow = serializers.BooleanField(help_text="Rests on one sensor or a handful of sources.")
    state = serializers.CharField(allow_blank=True)
    decided_by = serializers.CharField(allow_blank=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    numbers = serializers.DictField(help_text="What the sentence says, and the curve (mean packets per sensor and day).")


class ChangeListOut(serializers.Serializer):
    total = serializers.IntegerField()
    by_kind = serializers.DictField(child=serializers.IntegerField())
    as_of = serializers.DateField(allow_null=True, help_text="The newest day that was searched.")
    searched_at = serializers.DateTimeField(allow_null=True)
    rows = ChangeOut(many=True)


class DecisionIn(serializers.Serializer):
    state = serializers.ChoiceField(ChangeState.choices)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=decisions.LONGEST_REASON)


class ChangesView(APIView):
    renderer_classes = [JSONRenderer, RowsCSVRenderer]
    columns = ("id", "kind", "subject", "direction", "first", "last", "score", "state", "sentence")

    @extend_schema(
        operation_id="changes",
        summary="Notable changes",
        description=DESCRIPTION,
        parameters=PARAMETERS,
        responses={200: ChangeListOut, **ERRORS},
        tags=["analysis"],
    )
    def get(self, request: Request) -> Response:
        with queries.reading():
            return Response(ChangeListOut(listing.changes(request.user, _wanted(request.query_params, request))).data)


REFUSED = OpenApiResponse(ErrorOut, "No such state, or no reason.")


class ChangeDecisionView(APIView):
    permission_classes = [IsAuthenticated, own_staff_with(*decisions.DECIDERS)]
    renderer_classes = [JSONRenderer]

    @extend_schema(
        operation_id="change_decision",
        summary="Watch or dismiss a change, or take that back",
        description="For analysts, coordinators and approvers; dismissing needs a reason. Audited.",
        request=DecisionIn,
        responses={200: ChangeOut, 400: REFUSED, 404: OpenApiResponse(ErrorOut, "No such change.")},
        tags=["analysis"],
    )
    def post(self, request: Request, change: int) -> Response:
        written = DecisionIn(data=request.data)
        written.is_valid(raise_exception=True)
        user, known = cast(User, request.user), cast("QuerySet[Change]", Change.objects.all())
        decided = decisions.decide(change=get_visible_or_404(known, user, pk=change), by=user, **written.validated_data)
        return Response(ChangeOut(listing.row_of(decided, user)).data)


def _wanted(query: Parameters, request: Request) -> listing.Wanted:
    """All changes where no period is given."""
    selection = params.selection_from(query, request.user, others=listing.NAMES | {"format"})
    names = set(query) - listing.NAMES - {"format", "sensors", *(parameter.name for parameter in PERIOD)}
    for name in names:
        raise ParameterError(name, _("changes are not narrowed by it"))
    if selection.scope.label not in ("all", "scenario"):
        raise ParameterError("sensors", _("changes are searched over all sensors; write all or scenario"))
    has_period = any(query.get(name) for name in ("from", "to", "period"))
    return listing.wanted_from(query, sensors=selection.scope.label, period=selection.period if has_period else None)
