"""The door for sensors. Nothing here reads, keeps or logs a client's address: it would be the sensor's."""

import base64
import contextlib
import hashlib
import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.observations import services
from apps.observations.api.ingest_throttle import SensorKeyThrottle
from apps.observations.intake import wire
from apps.observations.intake.wire import IngestError
from apps.sensors.authentication import HasSensorKey, SensorKeyAuthentication
from apps.sensors.models import SensorKey

_DIGEST = re.compile(r"(?:^|[ ,])sha-256=:([A-Za-z0-9+/=]+):")
_RETRY_AFTER_DATABASE_S = 30
_LENGTH_DIGITS = 18  # more than any limit has; Python refuses to read thousands of digits
_PIECE = 64 * 1024


class IngestView(APIView):
    """What batches and heartbeats share: keys, throttle, and refusals in the words of docs/wire-format.md."""

    authentication_classes = [SensorKeyAuthentication]
    permission_classes = [HasSensorKey]
    throttle_classes = [SensorKeyThrottle]

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, IngestError):
            return _refusal(exc)
        if isinstance(exc, OperationalError | InterfaceError):
            unavailable = IngestError(503, "unavailable", "The database cannot be reached; nothing was stored.")
            unavailable.retry_after = _RETRY_AFTER_DATABASE_S
            return _refusal(unavailable)
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        if response.status_code >= status.HTTP_400_BAD_REQUEST:
            _discard_body(request)
        return super().finalize_response(request, response, *args, **kwargs)


def _discard_body(request: Request) -> None:
    """Read what has not been read of a refused body: a client whose connection is closed while it is still sending sees a
    broken pipe instead of the answer, and would send again. A body beyond the limit is not worth that."""
    length = _content_length(request)
    if length is None or length > settings.INGEST_MAX_BODY_BYTES:
        return
    with contextlib.suppress(OSError):
        while request._request.read(_PIECE):
            pass


def _refusal(error: IngestError) -> Response:
    body: dict[str, Any] = {"code": error.code, "message": error.message, "fields": error.fields}
    if isinstance(error, wire.RowsError):
        body["rows"] = [{"row": problem.row, "field": problem.field, "problem": problem.problem} for problem in error.rows]
        body["bad_rows"] = error.bad_rows
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
    return Response(body, status=error.status, headers=headers)


_RECEIPT = inline_serializer(
    "BatchReceipt",
    {
        "batch": serializers.UUIDField(),
        "new": serializers.BooleanField(),
        "flows": serializers.IntegerField(),
        "packets": serializers.IntegerField(),
    },
)
_HEARTBEAT = inline_serializer(
    "Heartbeat", {"from": serializers.IntegerField(), "to": serializers.IntegerField(), "report": serializers.DictField()}
)
_HEARD = inline_serializer("HeartbeatReceipt", {"new": serializers.BooleanField()})
# Told in full by docs/wire-format.md.
_REFUSALS = dict.fromkeys((400, 401, 403, 409, 411, 413, 415, 422, 429, 503), OpenApiTypes.OBJECT)


class BatchView(IngestView):
    """PUT a batch under an id of the sensor's choice; again with the same bytes, nothing happens."""

    @extend_schema(
        operation_id="ingest_batch",
        parameters=[OpenApiParameter("Content-Digest", str, OpenApiParameter.HEADER, required=True, description="sha-256=:…:")],
        request={wire.NDJSON: OpenApiTypes.BINARY, wire.ARROW: OpenApiTypes.BINARY},
        responses={201: _RECEIPT, 200: _RECEIPT, **_REFUSALS},
    )
    def put(self, request: Request, uuid: str) -> Response:
        batch = _batch_id(uuid)
        media_type = _media_type(request, (wire.NDJSON, wire.ARROW))
        body = _body(request, settings.INGEST_MAX_BODY_BYTES)
        _check_digest(request, body)
        receipt = services.ingest_batch(
            key=_key(request),
            uuid=batch,
            body=body,
            media_type=media_type,
            encoding=request.headers.get("Content-Encoding", "").strip().lower(),
        )
        answer = {"batch": str(batch), "new": receipt.is_new, "flows": receipt.flows, "packets": receipt.packets}
        return Response(answer, status=status.HTTP_201_CREATED if receipt.is_new else status.HTTP_200_OK)


class HeartbeatView(IngestView):
    """POST that the sensor was watching, packets or none."""

    @extend_schema(
        operation_id="ingest_heartbeat",
        request=_HEARTBEAT,
        responses={201: _HEARD, 200: _HEARD, **_REFUSALS},
    )
    def post(self, request: Request) -> Response:
        _media_type(request, ("application/json",))
        receipt = services.accept_heartbeat(key=_key(request), body=_body(request, wire.MAX_HEADER_BYTES))
        return Response({"new": receipt}, status=status.HTTP_201_CREATED if receipt else status.HTTP_200_OK)


def _key(request: Request) -> SensorKey:
    key = request.auth
    if not isinstance(key, SensorKey):
        raise TypeError("HasSensorKey lets nothing else through")
    return key


def _batch_id(text: str) -> UUID:
    try:
        batch = UUID(text)
    except ValueError:
        batch = UUID(int=0)
    if str(batch) != text.lower() or not batch.int:
        raise IngestError(400, "bad_id", "The batch id must be a UUID such as 0197a3c0-6b5e-7cc3-98c4-dc0c0c07398f.")
    return batch


def _media_type(request: Request, accepted: tuple[str, ...]) -> str:
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type not in accepted:
        raise IngestError(415, "unknown_media_type", f"Content-Type must be {' or '.join(accepted)}.")
    return media_type


def _body(request: Request, limit: int) -> bytes:
    """The body as sent. A length beyond `limit` is refused before anything is read."""
    length = _content_length(request)
    if length is None:
        raise IngestError(411, "length_required", "Send a Content-Length; chunked bodies are not read.")
    if length > limit:
        raise IngestError(413, "too_large", f"The body is larger than {limit} bytes.")
    try:
        body: bytes = request._request.read()  # Django's own `body` has another limit
    except OSError as error:
        raise IngestError(400, "truncated", "The body ended before its Content-Length.") from error
    if len(body) != length:
        raise IngestError(400, "truncated", "The body ended before its Content-Length.")
    return body


def _content_length(request: Request) -> int | None:
    """None where there is none, or no number."""
    length = request.headers.get("Content-Length", "")
    return int(length[:_LENGTH_DIGITS]) if length.isascii() and length.isdigit() else None


def _check_digest(request: Request, body: bytes) -> None:
    found = _DIGEST.findall(request.headers.get("Content-Digest", ""))
    if not found:
        raise IngestError(400, "digest_required", "Send Content-Digest: sha-256=:…: of the bytes of the body (RFC 9530).")
    if found[-1] != base64.b64encode(hashlib.sha256(body).digest()).decode():
        raise IngestError(400, "digest_mismatch", "The body is not the one that Content-Digest describes.")
