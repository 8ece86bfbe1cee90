"""Named groups of ports for programs."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.observations.api.views import ERRORS
from apps.reference.models import PortGroup


class PortGroupOut(serializers.ModelSerializer):
    class Meta:
        model = PortGroup
        fields = ("slug", "name_en", "name_ja", "pattern", "valid_from", "valid_to", "note")


class PortGroupsView(APIView):
    """Every definition. A figure takes those that are in force on the last day of its period."""

    @extend_schema(
        operation_id="port_groups",
        summary="Named groups of ports",
        responses={200: PortGroupOut(many=True), 401: ERRORS[401]},
        tags=["figures"],
    )
    def get(self, request: Request) -> Response:
        return Response(PortGroupOut(PortGroup.objects.all(), many=True).data)
