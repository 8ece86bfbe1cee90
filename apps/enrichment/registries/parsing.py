"""An RDAP answer about an address (RFC 9083) as a network, its holder and its contacts. Pure functions.

Recorded oddities of the five registries, each in a fixture of the tests: zero-padded addresses (ARIN), a prefix length after
start and end (RIPE NCC, older answers), an end equal to the start of a /48 (LACNIC), entities without roles (AFRINIC),
`\\n` spelt out in labels (APNIC), entities with neither class name nor vCard (RIPE NCC).
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network, summarize_address_range
from itertools import chain
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_noop as _

from apps.enrichment.blocks import Address
from apps.enrichment.failures import UnreadableAnswerError
from apps.enrichment.models import ContactRole
from apps.enrichment.registries.mailboxes import is_registry_mailbox

SAMPLE_REMARK = "Sample data"  # the title of a remark in answers that the stand-in invented
MAX_DEPTH = 5  # entities of entities of …; real answers end at two
MAX_CONTACTS = 50
_ROLES = {"abuse": ContactRole.ABUSE, "technical": ContactRole.TECHNICAL, "administrative": ContactRole.ADMINISTRATIVE}


@dataclass(frozen=True)
class Contact:
    email: str
    role: ContactRole
    level: int
    entity: str
    organisation: str
    is_registry_mailbox: bool


@dataclass(frozen=True)
class ParsedNetwork:
    start: Address
    end: Address  # inclusive
    cidrs: tuple[str, ...]
    handle: str
    name: str
    holder: str
    holder_handle: str
    country: str
    is_sample: bool
    contacts: tuple[Contact, ...]


@dataclass(frozen=True)
class _Entity:
    handle: str
    roles: frozenset[str]
    level: int
    kind: str
    name: str
    emails: tuple[str, ...]


def parse_network(answer: Any) -> ParsedNetwork:
    """Read an answer; UnreadableAnswerError where it is no network."""
    if not isinstance(answer, dict) or "startAddress" not in answer:
        raise UnreadableAnswerError(_("The answer is not an RDAP network."))
    start, end = _range(answer)
    entities = list(_entities(answer, 0))
    holder, holder_handle = _holder(answer, entities)
    return ParsedNetwork(
        start=start,
        end=end,
        cidrs=tuple(map(str, summarize_address_range(start, end)))[:64],
        handle=_text(answer.get("handle"), 200),
        name=_text(answer.get("name"), 200),
        holder=holder,
        holder_handle=holder_handle,
        country=_country(answer),
        is_sample=any(_text(remark.get("title")) == SAMPLE_REMARK for remark in _dicts(answer.get("remarks"))),
        contacts=tuple(_contacts(entities)),
    )


def storable(answer: Any) -> Any:
    """The answer as PostgreSQL's jsonb can hold it: without NUL, halves of surrogate pairs, and numbers that are none."""
    if isinstance(answer, dict):
        return {_storable_text(key): storable(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return [storable(value) for value in answer]
    if isinstance(answer, float) and not math.isfinite(answer):
        return None
    return _storable_text(answer) if isinstance(answer, str) else answer


def _storable_text(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


# The range


def _range(answer: dict[str, Any]) -> tuple[Address, Address]:
    try:
        start, end = _address(answer["startAddress"]), _address(answer["endAddress"])
    except (KeyError, ValueError) as error:
        raise UnreadableAnswerError(_("The network's range cannot be read.")) from error
    if start.version != end.version or int(start) > int(end):
        raise UnreadableAnswerError(_("The network's range is reversed or of two kinds."))
    if start == end and start.version == 6:
        end = _end_from_zeros(start)
    return start, end


def _address(text: Any) -> Address:
    bare = str(text).strip().split("/")[0]
    if re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", bare):
        bare = ".".join(str(int(part)) for part in bare.split("."))
    return ip_address(bare)


def _end_from_zeros(start: Address) -> Address:
    """LACNIC's IPv6 answers repeat the start as the end; no registration is one IPv6 address, so take the /48 around it."""
    return ip_network(f"{start}/48", strict=False).broadcast_address


# Entities


def _entities(parent: dict[str, Any], level: int) -> Iterator[_Entity]:
    """Every entity with its depth, the network's own first; each as often as it stands in the answer."""
    if level > MAX_DEPTH:
        return
    for entity in _dicts(parent.get("entities")):
        yield _entity(entity, level)
        yield from _entities(entity, level + 1)


def _entity(entity: dict[str, Any], level: int) -> _Entity:
    card = _vcard(entity.get("vcardArray"))
    roles = entity.get("roles")
    return _Entity(
        handle=_text(entity.get("handle"), 200),
        roles=frozenset(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else frozenset(),
        level=level,
        kind=_text(next((value for name, value in card if name == "kind"), "")),
        name=_text(next((value for name, value in card if name == "fn"), ""), 300),
        emails=tuple(filter(None, (_email(value) for name, value in card if name == "email"))),
    )


def _vcard(array: Any) -> list[tuple[str, Any]]:
    """(name, value) of each property of a jCard (RFC 7095); malformed ones are left out."""
    properties = array[1] if isinstance(array, list) and len(array) > 1 and isinstance(array[1], list) else []
    return [(row[0], row[3]) for row in properties if isinstance(row, list) and len(row) > 3 and isinstance(row[0], str)]


def _email(value: Any) -> str:
    """The bare address of `mailto:a@b`, `"a@b"` or `<a@b>`; '' where it is none."""
    text = _text(value, 254).removeprefix("mailto:").strip(" \"'<>")
    try:
        validate_email(text)
    except ValidationError:
        return ""
    name, _at, domain = text.rpartition("@")
    return f"{name}@{domain.lower()}"


def _holder(answer: dict[str, Any], entities: list[_Entity]) -> tuple[str, str]:
    """Who the range is registered to, with the handle: the registrant, else an organisation named by the network itself,
    else the description's first line (APNIC writes it there), else whoever the network names, persons excepted."""
    named = [entity for entity in entities if entity.name and entity.kind != "individual"]
    own = [entity for entity in named if entity.level == 0]
    found = next(chain((e for e in named if "registrant" in e.roles), (e for e in own if e.kind == "org")), None)
    if found is None and (description := _description(answer)):
        return description, ""
    found = found or next(chain((e for e in own if e.roles & {"administrative", "technical"}), own), None)
    return (found.name, found.handle) if found else ("", "")


def _contacts(entities: list[_Entity]) -> list[Contact]:
    """One row per address and role, from where it stands nearest to the network; abuse before technical before others."""
    best: dict[tuple[str, ContactRole], Contact] = {}
    for entity in entities:
        for email in entity.emails:
            for role in _roles(entity):
                contact = Contact(
                    email=email,
                    role=role,
                    level=entity.level,
                    entity=entity.handle,
                    organisation="" if entity.kind == "individual" else entity.name,
                    is_registry_mailbox=is_registry_mailbox(email),
                )
                known = best.get((email.lower(), role))
                if known is None or known.level > contact.level:
                    best[(email.lower(), role)] = contact
    ranked = sorted(best.values(), key=lambda contact: (contact.is_registry_mailbox, contact.role, contact.level))
    return ranked[:MAX_CONTACTS]


def _roles(entity: _Entity) -> list[ContactRole]:
    return [_ROLES[role] for role in sorted(entity.roles) if role in _ROLES] or [ContactRole.OTHER]


# Small parts


def _country(answer: dict[str, Any]) -> str:
    country = _text(answer.get("country")).upper()
    return country if re.fullmatch("[A-Z]{2}", country) else ""


def _description(answer: dict[str, Any]) -> str:
    for remark in _dicts(answer.get("remarks")):
        lines = remark.get("description")
        if _text(remark.get("title")) == "description" and isinstance(lines, list) and lines:
            return _text(lines[0])
    return ""


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: Any, limit: int = 300) -> str:
    """A value as one line of text without control characters."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(char if char.isprintable() else " " for char in value).split())[:limit]
