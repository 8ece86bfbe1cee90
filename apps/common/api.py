"""What every API answer shares: the shape of errors."""

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from apps.common.errors import DomainError


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Give every error the shape {code, message, fields}; the message names the parameter or field."""
    if isinstance(error, DomainError):
        fields = {name: _sendable(text) for name, text in error.fields.items()}
        return Response({"code": error.code, "message": _sendable(error.message), "fields": fields}, status=error.status)
    response = drf_exception_handler(error, context)
    if response is not None:
        response.data = _shape(response)
    return response


def _shape(response: Response) -> dict[str, Any]:
    data = response.data
    if isinstance(data, dict) and "detail" in data:
        return {"code": getattr(data["detail"], "code", "error"), "message": str(data["detail"]), "fields": {}}
    fields = {name: _sendable(" ".join(map(str, problems))) for name, problems in data.items()} if isinstance(data, dict) else {}
    return {"code": "invalid", "message": "; ".join(f"{name}: {text}" for name, text in fields.items()), "fields": fields}


def _sendable(text: str) -> str:
    """What was sent is often quoted; half a surrogate pair in it is no text that can be sent back."""
    return text.encode(errors="replace").decode()
