"""Addresses of the portal's own mail: the Reply-To that finds its ticket again, and the recipients a demo may have."""

import base64
import hashlib
import hmac
import re

from django.conf import settings

_LOCAL = re.compile(r"\+(?P<number>\d{4}-\d{6})-(?P<mac>[a-z2-7]{16})$")


def reply_to(number: str) -> str:
    """`csirt+2026-000123-k3v…@…`: the sender's address with the ticket and a signature that only this portal makes."""
    local, _at, domain = settings.MAIL_FROM.rpartition("@")
    return f"{local}+{number}-{_mac(number)}@{domain}"


def ticket_of(address: str) -> str | None:
    """The reference number a signed plus-address was made for, None for any other address. Case does not matter."""
    match = _LOCAL.search(address.rpartition("@")[0].lower())
    if match and hmac.compare_digest(match["mac"], _mac(match["number"])):
        return match["number"]
    return None


def deliverable(email: str) -> str:
    """The address a message really goes to. A demo's recipients all become `….invalid`, which no server delivers."""
    if not settings.DEMO or email.lower().endswith(".invalid"):
        return email
    return f"{email}.invalid"


def _mac(number: str) -> str:
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"coordination.reply-to:{number}".encode(), hashlib.sha256)
    return base64.b32encode(digest[:10]).decode().lower()
