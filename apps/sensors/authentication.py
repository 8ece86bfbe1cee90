"""Sensors sign in with their key: `Authorization: Sensor-Key <key>`.

Nothing here reads or keeps the client's address: a sensor's address is the network's secret.
"""

from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.sensors.models import SensorKey

# `last_used_at` tells a forgotten key from one in use; writing it at every batch would only cost.
LAST_USED_STEP = timedelta(minutes=5)


class SensorKeyAuthentication(BaseAuthentication):
    """One query and one hash a request. `request.auth` becomes the SensorKey, with its sensor; there is no user."""

    keyword = "Sensor-Key"

    def authenticate(self, request: Request) -> tuple[AnonymousUser, SensorKey] | None:
        keyword, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if keyword.lower() != self.keyword.lower():
            return None
        key = find_key(secret.strip())
        if key is None:
            raise AuthenticationFailed(_("Unknown, revoked or expired sensor key."), code="bad_key")
        _note_use(key)
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


def find_key(secret: str) -> SensorKey | None:
    """The usable key with this plain text; which of unknown, revoked and expired it is, is not told."""
    if "\x00" in secret:
        return None
    prefix = secret.partition(".")[0]
    key = SensorKey.objects.select_related("sensor").filter(prefix=prefix, revoked=False).first()
    return key if key and not key.has_expired and key.is_valid(secret) else None


def _note_use(key: SensorKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > LAST_USED_STEP:
        SensorKey.objects.filter(pk=key.pk).update(last_used_at=now)


class HasSensorKey(BasePermission):
    """For endpoints of sensors; a person's token or session does not open them."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, SensorKey)


class SensorKeyScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI description names a sensor key."""

    target_class = SensorKeyAuthentication
    name = "sensorKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Sensor-Key <key>"}
