"""Where the search box leads: an address, a prefix, a port, an AS, a region, a ticket number or a holder."""

import re

from django.urls import reverse
from django.utils import translation

from apps.accounts.models import User
from apps.common import sourcekeys
from apps.common.ports import PortKey
from apps.coordination import numbers
from apps.coordination.models import may_read_tickets
from apps.enrichment.blocks import read_address
from apps.enrichment.models import Holder
from apps.portal.links import with_query
from apps.reference.names import is_region, region_codes, region_label
from apps.reference.routeorigins import asn

# tcp/23, 23/tcp, 23/TCP (telnet), 23 tcp, port 23, 23
_PORT = re.compile(r"(?P<number>\d{1,5}(?:\.\d{1,3})?)\s*/?\s*(?P<name>tcp|udp|icmp|icmpv6|ip)\b.*")
_BARE_PORT = re.compile(r"(?:port|ポート)?\s*(?P<number>\d{1,5})")

_SYSTEM = re.compile(r"ASN?\s*([0-9.]{1,11})", re.IGNORECASE)
_HOLDER = re.compile(r"(?:holder|管理者)\s*(?P<number>[0-9]{1,9})")
SHORTEST_NAME = 3


def destination(text: str, user: User) -> str | None:
    """The path of the page that the text names, None where it names nothing."""
    text = text.strip()
    for find in (_address, _prefix, _port, _system, _ticket, _region, _holder):
        if path := find(text, user):
            return path
    return None


def _address(text: str, user: User) -> str | None:
    """Also one with the length of a single source behind it."""
    text = text.strip("[]")
    lengths = ("/64", "/128") if ":" in text else ("/32",)
    try:
        address = read_address(next((text.removesuffix(length) for length in lengths if text.endswith(length)), text))
    except ValueError:
        return None
    return reverse("portal:source", args=[str(address)])


def _prefix(text: str, user: User) -> str | None:
    """The sources in it. What people copy may have an address of the prefix in front of the length."""
    try:
        prefix = sourcekeys.prefix_around(text)
    except ValueError:
        return None
    return with_query(reverse("portal:sources"), {"prefix": str(prefix)})


def port_named(text: str) -> PortKey | None:
    """The port that a text names in any of the ways people write one."""
    lowered = text.lower()
    if match := _PORT.fullmatch(lowered):
        lowered = f"{match['name']}/{match['number']}"
    elif match := _BARE_PORT.fullmatch(lowered):
        lowered = f"tcp/{match['number']}"
    try:
        return PortKey.parse(lowered)
    except ValueError:
        return None


def region_named(text: str) -> str | None:
    """The code of a region by its code or its whole name in either language."""
    code = text.upper()
    return code if len(code) == 2 and is_region(code) else _region_by_name(text.casefold())


def _port(text: str, user: User) -> str | None:
    key = port_named(text)
    return reverse("portal:port", args=str(key).split("/")) if key else None


def _system(text: str, user: User) -> str | None:
    """AS64500, as 64500, AS1.0; a bare number is none."""
    if not (match := _SYSTEM.fullmatch(text)):
        return None
    try:
        return reverse("portal:as", args=[asn(match[1])])
    except ValueError:
        return None


def _ticket(text: str, user: User) -> str | None:
    """The number alone, or a subject that carries it, however a mail program wrote it."""
    number = numbers.find(text)
    return reverse("coordination:ticket-detail", args=[number]) if number and may_read_tickets(user) else None


def _region(text: str, user: User) -> str | None:
    found = region_named(text)
    return reverse("portal:region", args=[found]) if found else None


def _holder(text: str, user: User) -> str | None:
    """A holder by its number as pages show it, by its whole name, or by a part that only one holder's name has."""
    known = Holder.objects.visible_to(user).filter(merged_into=None)
    if match := _HOLDER.fullmatch(text.casefold()):
        found = list(known.filter(pk=int(match["number"]))[:1])
    elif len(text) >= SHORTEST_NAME and text.isprintable():
        found = list(known.filter(name__iexact=text).order_by("pk")[:1]) or list(known.filter(name__icontains=text)[:2])
    else:
        found = []
    return reverse("portal:holder", args=[found[0].pk]) if len(found) == 1 else None


def _region_by_name(name: str) -> str | None:
    for language in ("en", "ja"):
        with translation.override(language):
            for code in region_codes():
                if region_label(code).casefold() == name:
                    return code
    return None
