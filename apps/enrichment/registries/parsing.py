"""An RDAP answer about an address (RFC 9083) as a network, its holder and its contacts. Pure functions.

Recorded oddities of the five registries, each in a fixture of the tests: zero-padded addresses (ARIN), a prefix length after
start and end (RIPE NCC, older answers), an end equal to the start of a /48 (LACNIC), entities without roles (AFRINIC),
`\\n` spelt out in labels (APNIC), entities with neither class name nor vCard (RIPE NCC).
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import chain
from typing import Any

from django.utils.translation import gettext_noop as _

from apps.enrichment.blocks import Address
from apps.enrichment.failures import UnreadableAnswerError
from apps.enrichment.models import ContactRole
from apps.enrichment.registries.parsed import (
    SAMPLE_REMARK,
    Contact,
    ParsedNetwork,
    cidrs_of,
    contact_of,
    one_line,
    ranked,
    read_asn,
    read_country,
    read_email,
    remarked,
)

MAX_DEPTH = 5  # entities of entities of …; real answers end at two
_ROLES = {"abuse": ContactRole.ABUSE, "technical": ContactRole.TECHNICAL, "administrative": ContactRole.ADMINISTRATIVE}


@dataclass(frozen=True)
class _Entity:
    handle: str
    roles: frozenset[str]
    level: int
    kind: str
    name: str
    emails: tuple[str, ...]
    remarks: tuple[str, ...]


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
        cidrs=cidrs_of(start, end),
        handle=one_line(answer.get("handle"), 200),
        name=one_line(answer.get("name"), 200),
        holder=holder,
        holder_handle=holder_handle,
        country=read_country(answer.get("country")),
        is_sample=any(one_line(remark.get("title")) == SAMPLE_REMARK for remark in _dicts(answer.get("remarks"))),
        contacts=ranked(_contacts(answer, entities)),
        asn=_origin(answer),
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
        handle=one_line(entity.get("handle"), 200),
        roles=frozenset(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else frozenset(),
        level=level,
        kind=one_line(next((value for name, value in card if name == "kind"), "")),
        name=one_line(next((value for name, value in card if name == "fn"), ""), 300),
        emails=tuple(filter(None, (read_email(value) for name, value in card if name == "email"))),
        remarks=_remarks(entity),
    )


def _vcard(array: Any) -> list[tuple[str, Any]]:
    """(name, value) of each property of a jCard (RFC 7095); malformed ones are left out."""
    properties = array[1] if isinstance(array, list) and len(array) > 1 and isinstance(array[1], list) else []
    return [(row[0], row[3]) for row in properties if isinstance(row, list) and len(row) > 3 and isinstance(row[0], str)]


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


def _contacts(answer: dict[str, Any], entities: list[_Entity]) -> Iterator[Contact]:
    for entity in entities:
        organisation = "" if entity.kind == "individual" else entity.name
        for email in entity.emails:
            for role in _roles(entity):
                yield contact_of(email, role, entity.level, entity=entity.handle, organisation=organisation)
    yield from remarked(_remarks(answer), 1)
    for entity in entities:
        yield from remarked(entity.remarks, entity.level + 1, entity.handle)


def _roles(entity: _Entity) -> list[ContactRole]:
    return [_ROLES[role] for role in sorted(entity.roles) if role in _ROLES] or [ContactRole.OTHER]


# Small parts


def _origin(answer: dict[str, Any]) -> int | None:
    """ARIN states who originates a network."""
    origins = answer.get("arin_originas0_originautnums")
    return next(filter(None, map(read_asn, origins)), None) if isinstance(origins, list) else None


def _description(answer: dict[str, Any]) -> str:
    for remark in _dicts(answer.get("remarks")):
        lines = remark.get("description")
        if one_line(remark.get("title")) == "description" and isinstance(lines, list) and lines:
            return one_line(lines[0])
    return ""


def _remarks(parent: dict[str, Any]) -> tuple[str, ...]:
    lines = [
        line for remark in _dicts(parent.get("remarks")) if isinstance(remark.get("description"), list) for line in remark["description"]
    ]
    return tuple(one_line(line) for line in lines[:200])


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
