"""What scanning services saw of one host, for programs of own staff."""

from typing import Any, cast

from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.models import User
from apps.accounts.permissions import IsOwnStaff
from apps.common.ports import PortKey
from apps.enrichment.hosts.queries import HostDossier, host_dossier
from apps.enrichment.models import HostLookup, HostService, HostSnapshot
from apps.observations.api.serializers import ErrorOut
from apps.observations.api.views import ERRORS


class HostLookupOut(serializers.ModelSerializer):
    service = serializers.CharField(source="provider")
    has_data = serializers.SerializerMethodField(help_text="Whether the newest answer had data; null before there was one.")
    error = serializers.CharField(source="error_text")

    class Meta:
        model = HostLookup
        fields = ("service", "state", "has_data", "fetched_at", "next_try_at", "error")

    def get_has_data(self, lookup: HostLookup) -> bool | None:
        return None if lookup.fetched_at is None else lookup.snapshot_id is not None


class HostServiceOut(serializers.ModelSerializer):
    port = serializers.SerializerMethodField(help_text="tcp/22")

    class Meta:
        model = HostService
        fields = ("port", "seen_at", "module", "product", "version", "banner_hash", "certificate", "cpes", "banner")

    def get_port(self, service: HostService) -> str:
        return str(PortKey(service.protocol, service.port))


class HostProfileOut(serializers.ModelSerializer):
    service = serializers.CharField(source="provider")
    guessed_cves = serializers.ListField(source="cves", child=serializers.CharField(), help_text="Guessed from banners, not tested.")
    services = HostServiceOut(many=True)

    class Meta:
        model = HostSnapshot
        fields = (
            "service", "scanned_at", "fetched_at", "is_sample", "os", "hostnames", "tags", "guessed_cves", "features", "services",
        )  # fmt: skip


class HostOut(serializers.Serializer[HostDossier]):
    address = serializers.CharField()
    lookups = HostLookupOut(many=True)
    profiles = HostProfileOut(many=True, help_text="By scan, newest first; twenty at most.")


class HostView(APIView):
    permission_classes = [IsAuthenticated, IsOwnStaff]

    @extend_schema(
        operation_id="host",
        summary="What scanning services saw of a host",
        description="Profiles by date of scan and the state of look-ups. Nothing is asked. An IPv6 source is its /64's first address.",
        responses={200: HostOut, 401: ERRORS[401], 404: OpenApiResponse(ErrorOut, "No address, or not own staff.")},
        tags=["enrichment"],
    )
    def get(self, request: Request, address: str) -> Response:
        try:
            found = host_dossier(cast(User, request.user), address)
        except ValueError as error:
            raise Http404 from error
        data: dict[str, Any] = HostOut(found).data
        return Response(data)
