"""Views that are being computed, for programs: 202 with where to look, and there how far it is."""

from typing import Any, cast
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from apps.accounts.models import User
from apps.common import api
from apps.common.errors import DomainError
from apps.observations import computations
from apps.observations.api.serializers import ErrorOut
from apps.observations.models import Computation
from apps.observations.planning.needed import NeedsComputationError


class ComputationOut(serializers.Serializer):
    uuid = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Computation.State.choices)
    done = serializers.IntegerField(help_text="Days that have been read.")
    total = serializers.IntegerField(help_text="Days to read.")
    error = serializers.CharField(help_text="Why it failed: too_many, too_slow.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class ComputationView(APIView):
    @extend_schema(
        operation_id="computation",
        summary="How far a view is computed",
        description="Of those that you asked for. When it is done, ask for the view again.",
        responses={200: ComputationOut, 404: OpenApiResponse(ErrorOut, "You asked for no such computation.")},
        tags=["figures"],
    )
    def get(self, request: Request, uuid: UUID) -> Response:
        found = computations.of(cast(User, request.user), [uuid])
        if not found:
            raise Http404
        return Response(ComputationOut(found[0]).data)

    @extend_schema(
        operation_id="computation-cancel",
        summary="Compute a view no further",
        request=None,
        responses={204: None, 404: OpenApiResponse(ErrorOut, "You asked for no such computation.")},
        tags=["figures"],
    )
    def delete(self, request: Request, uuid: UUID) -> Response:
        if not computations.cancel(cast(User, request.user), uuid):
            raise Http404
        return Response(status=204)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """`common.api.exception_handler`, but a view that has to be computed first is started and answered by 202."""
    if not isinstance(error, NeedsComputationError):
        return api.exception_handler(error, context)
    request = context["request"]
    try:
        started = computations.start(request.user, error.reads)
    except DomainError as refusal:
        return api.exception_handler(refusal, context)
    urls = [reverse("api:computation", kwargs={"uuid": one.pk}) for one in started]
    lines = [dict(ComputationOut(one).data) | {"url": url} for one, url in zip(started, urls, strict=True)]
    body = {"code": error.code, "message": error.message, "fields": {}, "computations": lines}
    return Response(body, status=error.status, headers={"Location": urls[0], "Retry-After": "5"})
