"""Same-port listening for programs of own staff."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.permissions import IsOwnStaff
from apps.analysis.api.tables import RowsCSVRenderer
from apps.observations import params, queries
from apps.observations.api import parameters
from apps.observations.api.serializers import MetaOut
from apps.observations.api.views import ERRORS, FigureView
from apps.portal.hostfigures import same_port
from apps.portal.pages.sameport import sentence

PARAMETERS = [*parameters.SELECTION, parameters.FORMAT]


class ListeningOut(serializers.Serializer):
    sources = serializers.IntegerField(source="listening.total")
    looked_up = serializers.IntegerField(source="listening.asked", help_text="Of them, those that a scanning service was asked about.")
    listening = serializers.IntegerField(source="listening.listening", help_text="A scan within 30 days of a packet found the port open.")
    not_seen = serializers.IntegerField(source="listening.not_seen", help_text="Such a scan did not find it open.")
    no_data = serializers.IntegerField(source="listening.without_data", help_text="There is no such scan.")
    share = serializers.FloatField(source="listening.share", allow_null=True, help_text="listening ÷ (listening + not_seen).")
    is_sample = serializers.BooleanField(source="listening.has_sample", help_text="Invented profiles have a part in it.")


class HolderListeningOut(ListeningOut):
    holder_id = serializers.IntegerField(allow_null=True, help_text="Null: no administrator is known.")
    holder = serializers.CharField(source="holder_name", allow_blank=True)


class SamePortOut(serializers.Serializer):
    port = serializers.CharField(source="figure.port")
    sentence = serializers.CharField()
    all = ListeningOut(source="figure.everybody")
    meta = MetaOut(source="figure.meta")
    rows = HolderListeningOut(source="figure.rows", many=True)


class SamePortView(FigureView):
    permission_classes = [IsAuthenticated, IsOwnStaff]
    renderer_classes = [JSONRenderer, RowsCSVRenderer]
    others = parameters.names([parameters.FORMAT])
    columns = ("holder_id", "holder", "sources", "looked_up", "listening", "not_seen", "no_data", "share")

    @extend_schema(
        operation_id="same_port",
        summary="How many of the sources listen on the port they sent to, by administrator",
        description="`ports` must be exactly one TCP or UDP port.",
        parameters=PARAMETERS,
        responses={200: SamePortOut, **ERRORS},
        tags=["enrichment"],
    )
    def get(self, request: Request) -> Response:
        with queries.reading():
            selection = params.selection_from(request.query_params, request.user, others=self.others)
            found = same_port(selection)
            return self.answer(SamePortOut, {"figure": found, "sentence": sentence(found)}, selection)
