"""Answers of JPNIC and KRNIC, as pages or as text, in Japanese, Korean or English. Pure functions.

ipwhois reads the pages in English alone: it wants a link around every handle and range of JPNIC, so text and IPv6 escape it, and
joins the holders of all of KRNIC's networks into one.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from django.utils.translation import gettext_noop as _

from apps.enrichment.failures import UnreadableAnswerError
from apps.enrichment.models import ContactRole
from apps.enrichment.registries.parsed import (
    SAMPLE_REMARK,
    Contact,
    ParsedNetwork,
    cidrs_of,
    contact_of,
    deeper,
    find_emails,
    one_line,
    ranked,
    read_range,
)

ABUSE, TECHNICAL, ADMINISTRATIVE = ContactRole.ABUSE, ContactRole.TECHNICAL, ContactRole.ADMINISTRATIVE
NO_NETWORK = _("The national registry's answer names no network of this address.")
MAX_LINES = 5000
_SCRIPTS = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"</?[A-Za-z](?![^<>\s]*@)[^<>]{0,500}>|<!--.{0,2000}?-->", re.DOTALL)
_JPNIC_FIELD = re.compile(r"(?:[a-z]\. ?)?\[([^\[\]]{1,40})\]\s*(.*)")
_KRNIC_FIELD = re.compile(r"([^:]{1,40}?)\s*:\s*(.*)")


@dataclass(frozen=True)
class NationalAnswer:
    """`handles` are contacts that the answer names without their addresses, best first: (handle, role)."""

    network: ParsedNetwork
    handles: tuple[tuple[str, ContactRole], ...] = ()


def parse(registry: str, text: str, address: str) -> NationalAnswer:
    """UnreadableAnswerError where the answer names no network that holds the address."""
    read = _parse_jpnic if registry == "jpnic" else _parse_krnic
    return read(plain(text), address)


def plain(text: str) -> str:
    """A page's text: without scripts and tags, its entities read. Mail addresses in angle brackets stay."""
    return html.unescape(_TAGS.sub("", _SCRIPTS.sub("", text)))


def _lines(text: str) -> Iterator[str]:
    return (one_line(line, 500) for line in text.splitlines()[:MAX_LINES])


# JPNIC

_JPNIC_NAMES = {
    "range": ("network number", "ipネットワークアドレス", "ipアドレス"),
    "name": ("network name", "ネットワーク名"),
    "holder": ("organization",),
    "holder_ja": ("組織名",),
    "admin": ("administrative contact", "管理者連絡窓口"),
    "tech": ("technical contact", "技術連絡担当者"),
    "abuse": ("abuse", "abuse contact", "不正利用連絡窓口"),
    "email": ("e-mail", "電子メール"),
    "reply": ("reply mail", "返信アドレス"),
    "group": ("group name", "グループ名"),
}
_JPNIC_LABELS = {label: name for name, labels in _JPNIC_NAMES.items() for label in labels}
_JPNIC_ROLES = {"abuse": ABUSE, "tech": TECHNICAL, "admin": ADMINISTRATIVE}


def _parse_jpnic(text: str, address: str) -> NationalAnswer:
    fields = _jpnic_fields(text)
    try:
        start, end = read_range(fields.get("range", [""])[0])
    except ValueError as error:
        raise UnreadableAnswerError(NO_NETWORK) from error
    named = [(value, role) for field, role in _JPNIC_ROLES.items() for value in fields.get(field, []) if value]
    network = ParsedNetwork(
        start=start,
        end=end,
        cidrs=cidrs_of(start, end),
        handle=_first(fields, "range")[:200],
        name=_first(fields, "name")[:200],
        holder=(_first(fields, "holder") or _first(fields, "holder_ja"))[:300],
        holder_handle="",
        country="JP",
        is_sample=SAMPLE_REMARK in text,
        contacts=ranked(contact_of(email, role, 0) for value, role in named for email in find_emails(value)),
    )
    if not network.holds(ip_address(address)):
        raise UnreadableAnswerError(NO_NETWORK)
    return NationalAnswer(network, tuple((value, role) for value, role in named if re.fullmatch(r"[A-Za-z0-9]{3,20}", value)))


def _jpnic_fields(text: str) -> dict[str, list[str]]:
    """Values by field, of the first network or contact: what is above and below it in the hierarchy comes after."""
    found: dict[str, list[str]] = {}
    for line in _lines(text):
        if line.startswith(("---", "上位情報", "Less Specific", "下位情報", "More Specific")):
            break
        field = _JPNIC_FIELD.fullmatch(line)
        if field and (name := _JPNIC_LABELS.get(field[1].strip().lower())):
            found.setdefault(name, []).append(field[2].strip())
    return found


def _first(fields: dict[str, list[str]], name: str) -> str:
    return next(filter(None, fields.get(name, [])), "")


def jpnic_contacts(text: str, handle: str, role: ContactRole) -> list[Contact]:
    """The mailboxes of a contact's own page. A person's name stays there; a group's is kept."""
    fields = _jpnic_fields(plain(text))
    organisation = _first(fields, "group") or _first(fields, "holder") or _first(fields, "holder_ja")
    emails = [email for value in [*fields.get("email", []), *fields.get("reply", [])] for email in find_emails(value)]
    return [contact_of(email, role, 0, entity=handle, organisation=organisation) for email in emails]


# KRNIC

_KRNIC_NAMES = {
    "range": ("ipv4 address", "ipv4주소", "ipv6 address", "ipv6주소"),
    "holder": ("organization name", "기관명"),
    "service": ("service name", "서비스명"),
    "email": ("e-mail", "전자우편"),
}
_KRNIC_LABELS = {label: name for name, labels in _KRNIC_NAMES.items() for label in labels}


def _parse_krnic(text: str, address: str) -> NationalAnswer:
    wanted = ip_address(address)
    english = text.partition("# ENGLISH")[2]
    networks = list(_krnic_networks(english)) or list(_krnic_networks(text))
    found = sorted((network for network in networks if network.holds(wanted)), key=lambda network: network.size)
    if not found:
        raise UnreadableAnswerError(NO_NETWORK)
    best = found[0]
    return NationalAnswer(_with_those_above(best, found[1:]))


def _krnic_networks(text: str) -> Iterator[ParsedNetwork]:
    sections: list[dict[str, list[str]]] = []
    for line in _lines(text):
        field = _KRNIC_FIELD.fullmatch(line)
        name = _KRNIC_LABELS.get(field[1].strip().lower().replace(" 주소", "주소")) if field else None
        if name == "range":
            sections.append({})
        if field and name and sections:
            sections[-1].setdefault(name, []).append(field[2].strip())
    for section in sections:
        if network := _krnic_network(section, SAMPLE_REMARK in text):
            yield network


def _krnic_network(section: dict[str, list[str]], is_sample: bool) -> ParsedNetwork | None:
    try:
        start, end = read_range(_first(section, "range"))
    except ValueError:
        return None
    emails = [email for value in section.get("email", []) for email in find_emails(value)]
    return ParsedNetwork(
        start=start,
        end=end,
        cidrs=cidrs_of(start, end),
        handle=f"{start} - {end}",
        name=_first(section, "service")[:200],
        holder=_first(section, "holder")[:300],
        holder_handle="",
        country="KR",
        is_sample=is_sample,
        contacts=ranked(contact_of(email, TECHNICAL, 0) for email in emails),
    )


def _with_those_above(best: ParsedNetwork, above: list[ParsedNetwork]) -> ParsedNetwork:
    """The provider that assigned the network is asked after its user."""
    contacts = list(best.contacts)
    for levels, network in enumerate(above, 1):
        contacts += deeper(network.contacts, levels)
    names = [network.name for network in (best, *above)]
    return ParsedNetwork(**{**vars(best), "contacts": ranked(contacts), "name": next(filter(None, names), "")})
