"""How providers fare, for programs of own staff."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import IsOwnStaff
from apps.enrichment.providerstates import ProviderState, Standing, provider_states
from apps.observations.api.views import ERRORS


class ProviderDayOut(serializers.Serializer):
    day = serializers.DateField(help_text="UTC")
    asked = serializers.IntegerField()
    failed = serializers.IntegerField()


class ErrorSampleOut(serializers.Serializer):
    at = serializers.DateTimeField()
    address = serializers.IPAddressField()
    state = serializers.CharField()
    message = serializers.CharField()


class ProviderOut(serializers.Serializer):
    name = serializers.CharField()
    standing = serializers.ChoiceField(choices=Standing.choices)
    reason = serializers.CharField(allow_blank=True)
    until = serializers.DateTimeField(allow_null=True, help_text="When one that is not asked may be asked again.")
    waiting = serializers.SerializerMethodField(help_text="Look-ups that wait, by priority.")
    in_flight = serializers.IntegerField()
    per_minute = serializers.IntegerField()
    asked_in_last_minute = serializers.IntegerField(source="taken")
    budget = serializers.IntegerField(allow_null=True, help_text="Queries of this UTC day.")
    reserve = serializers.IntegerField(help_text="Of the budget, for tickets only.")
    left = serializers.IntegerField(allow_null=True)
    left_for_others = serializers.IntegerField(allow_null=True)
    days = ProviderDayOut(many=True)
    newest_errors = ErrorSampleOut(many=True, source="errors")
    last_success_at = serializers.DateTimeField(allow_null=True)
    last_failure_at = serializers.DateTimeField(allow_null=True)

    def get_waiting(self, state: ProviderState) -> dict[str, int]:
        return {priority.name.lower(): count for priority, count in state.waiting.items()}


class ProviderListOut(serializers.Serializer):
    rows = ProviderOut(many=True)


class ProvidersView(APIView):
    """Registries and scanning services: whether they are asked, their queues, budgets and newest errors."""

    permission_classes = (IsAuthenticated, IsOwnStaff)

    @extend_schema(
        operation_id="enrichment_providers",
        summary="Providers of look-ups",
        responses={200: ProviderListOut, 401: ERRORS[401]},
        tags=["enrichment"],
    )
    def get(self, request: Request, *args: Any) -> Response:
        return Response(ProviderListOut({"rows": provider_states()}).data)
