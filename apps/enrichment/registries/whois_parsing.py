"""A WHOIS answer as a network, its holder and its contacts. Pure functions.

Three families: RPSL (RIPE NCC, APNIC, AFRINIC, LACNIC), whose objects name one another by handle; ARIN, whose answers list
each network with its organisation and contacts below, or one line for each network; RWHOIS, a field a line.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address

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
    deeper,
    find_emails,
    one_line,
    ranked,
    read_asn,
    read_country,
    read_range,
    remarked,
)

ABUSE, TECHNICAL, ADMINISTRATIVE, OTHER = ContactRole.ABUSE, ContactRole.TECHNICAL, ContactRole.ADMINISTRATIVE, ContactRole.OTHER
MAX_LINES = 5000
_FIELD = re.compile(r"([A-Za-z][\w-]{0,40})[ \t]*:[ \t]*(.*)")
_RWHOIS = re.compile(r"network:([A-Za-z-]{1,40})(?:;[A-Za-z]+)?:(.*)", re.IGNORECASE)
_LISTED = re.compile(r"(?P<holder>\S.*?) (?P<name>\S+) \((?P<handle>NET6?-[\w-]+)\) (?P<range>\S+ - \S+?)(?:</pre>)?$")
_ABUSE_CONTACT = re.compile(r"Abuse contact for '(?P<range>[^']+)' is '(?P<emails>[^']+)'", re.IGNORECASE)
NO_NETWORK = _("The WHOIS answer names no network of this address.")


class Block:
    """Lines that stand together, as (field in small letters, value)."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self.fields = fields

    def all(self, *names: str) -> list[str]:
        return [value for field, value in self.fields if field in names and value]

    def first(self, *names: str) -> str:
        """By the order of `names`, the first that has a value."""
        return next((value for name in names for value in self.all(name)), "")

    @cached_property
    def kind(self) -> str:
        return self.fields[0][0]


@dataclass(frozen=True)
class Text:
    """An answer taken apart: `comments` are what the server says beside its objects."""

    blocks: list[Block]
    comments: list[str]

    @property
    def is_sample(self) -> bool:
        return any(SAMPLE_REMARK in line for line in [*self.comments, *(line for block in self.blocks for line in block.all("remarks"))])


def parse_whois(text: str, address: str) -> ParsedNetwork:
    """The most specific network of the answer that holds the address; UnreadableAnswerError where none does."""
    wanted = ip_address(address)
    read = _read(text)
    found = [
        network
        for network in (*_rpsl(read, wanted), *_arin(read, wanted), *_rwhois(text), *_listed(text, read.is_sample))
        if network.holds(wanted)
    ]
    if not found:
        raise UnreadableAnswerError(NO_NETWORK)
    return min(found, key=lambda network: network.size)


def origin_of(text: str, address: str) -> int | None:
    """Who originates the most specific route of the answer that holds the address."""
    return _origin(_read(text).blocks, ip_address(address))


def routes_of(text: str) -> list[tuple[str, int]]:
    """(prefix, origin) of every readable route."""
    return [(block.first("route", "route6"), asn) for block in _read(text).blocks if (asn := _route_origin(block)) is not None]


# Lines and blocks


def _read(text: str) -> Text:
    blocks: list[Block] = []
    comments: list[str] = []
    fields: list[tuple[str, str]] = []
    for line in [*textwrap.dedent(text).splitlines()[:MAX_LINES], ""]:
        bare = one_line(line, 500)
        if bare.startswith(("%", "#")):
            comments.append(bare.lstrip("%# "))
        elif not bare:
            blocks += [Block(fields)] if fields else []
            fields = []
        elif fields and (line[0] in " \t+"):
            fields.append((fields[-1][0], bare.lstrip("+ ")))
        elif found := _FIELD.fullmatch(bare):
            fields.append((found[1].lower(), found[2]))
    return Text(blocks, comments)


def _range_of(block: Block, *names: str) -> tuple[Address, Address] | None:
    try:
        return read_range(block.first(*names))
    except ValueError:
        return None


def _network(  # the fields that every family fills
    span: tuple[Address, Address], *, handle: str, name: str, holder: str, holder_handle: str = "", country: str = "",
    contacts: list[Contact], asn: int | None = None, is_sample: bool = False,
) -> ParsedNetwork:  # fmt: skip
    return ParsedNetwork(
        start=span[0],
        end=span[1],
        cidrs=cidrs_of(*span),
        handle=one_line(handle, 200),
        name=one_line(name, 200),
        holder=one_line(holder),
        holder_handle=one_line(holder_handle, 200),
        country=read_country(country),
        is_sample=is_sample,
        contacts=ranked(contacts),
        asn=asn,
    )


# RPSL: objects that name one another


def _rpsl(text: Text, wanted: Address) -> Iterator[ParsedNetwork]:
    objects = _by_handle(text.blocks)
    for block in text.blocks:
        if block.kind not in ("inetnum", "inet6num") or (span := _range_of(block, block.kind)) is None:
            continue
        organisation = objects.get(block.first("org").upper(), Block([]))
        contacts = [
            *_abuse_comments(text.comments, span, wanted),
            *_contacts_of(block, objects),
            *deeper(_contacts_of(organisation, objects)),
            *_of_organisation(organisation),
            *remarked(block.all("remarks", "descr"), 1),
            *_remarks_of(block, objects),
        ]
        yield _network(
            span,
            handle=block.first(block.kind),
            name=block.first("netname"),
            holder=organisation.first("org-name") or block.first("owner", "descr"),
            holder_handle=block.first("org", "ownerid"),
            country=block.first("country"),
            contacts=contacts,
            asn=_origin(text.blocks, wanted) or read_asn(block.first("aut-num")),
            is_sample=text.is_sample,
        )


def _by_handle(blocks: list[Block]) -> dict[str, Block]:
    """Objects by what others name them by; the first of a name counts."""
    found: dict[str, Block] = {}
    for block in blocks:
        for name in block.all("nic-hdl", "organisation", "irt"):
            found.setdefault(name.upper(), block)
    return found


_REFERENCES = {"abuse-c": ABUSE, "mnt-irt": ABUSE, "tech-c": TECHNICAL, "admin-c": ADMINISTRATIVE, "owner-c": ADMINISTRATIVE}


def _named(block: Block, objects: dict[str, Block]) -> Iterator[tuple[str, ContactRole, Block]]:
    for field, role in _REFERENCES.items():
        for handle in block.all(field):
            if named := objects.get(handle.upper()):
                yield handle, role, named


def _contacts_of(block: Block, objects: dict[str, Block]) -> list[Contact]:
    contacts = [contact_of(email, ABUSE, 0) for line in block.all("abuse-mailbox") for email in find_emails(line)]
    for handle, role, named in _named(block, objects):
        organisation = named.first("role", "org-name")
        for field, meant in (("abuse-mailbox", ABUSE), ("e-mail", role)):
            for email in (email for line in named.all(field) for email in find_emails(line)):
                contacts.append(contact_of(email, meant, 0, entity=handle, organisation=organisation))
    return contacts


def _of_organisation(organisation: Block) -> list[Contact]:
    handle, name = organisation.first("organisation"), organisation.first("org-name")
    emails = [email for line in organisation.all("e-mail") for email in find_emails(line)]
    return [contact_of(email, OTHER, 0, entity=handle, organisation=name) for email in emails]


def _remarks_of(block: Block, objects: dict[str, Block]) -> Iterator[Contact]:
    for handle, _role, named in _named(block, objects):
        yield from remarked(named.all("remarks"), 1, handle)


def _abuse_comments(comments: list[str], span: tuple[Address, Address], wanted: Address) -> Iterator[Contact]:
    """RIPE NCC and APNIC state the abuse contact of a range beside its object."""
    for found in map(_ABUSE_CONTACT.search, comments):
        if found is None:
            continue
        try:
            first, last = read_range(found["range"])
        except ValueError:
            continue
        if first.version == wanted.version and int(first) <= int(span[0]) and int(span[1]) <= int(last):
            yield from (contact_of(email, ABUSE, 0) for email in find_emails(found["emails"]))


def _origin(blocks: list[Block], wanted: Address) -> int | None:
    best: tuple[int, int] | None = None
    for block in blocks:
        span, asn = _range_of(block, "route", "route6"), _route_origin(block)
        if span is None or asn is None or span[0].version != wanted.version or not int(span[0]) <= int(wanted) <= int(span[1]):
            continue
        candidate = int(span[1]) - int(span[0]), asn
        best = min(best or candidate, candidate)
    return best[1] if best else None


def _route_origin(block: Block) -> int | None:
    return read_asn(block.first("origin")) if block.first("route", "route6") else None


# ARIN: a network, then its organisation and contacts, until the next network


def _arin(text: Text, wanted: Address) -> Iterator[ParsedNetwork]:
    sections: list[Block] = []
    for block in text.blocks:
        if block.kind == "netrange":
            sections.append(Block(list(block.fields)))
        elif sections:
            sections[-1].fields.extend(block.fields)
    networks = [network for section in sections if (network := _arin_network(section, text.is_sample))]
    for network in networks:
        above = [other for other in networks if other.size > network.size and other.holds(network.start)]
        yield network if network.has_contact or not above else _with_contacts_of(network, min(above, key=lambda other: other.size))


def _arin_network(section: Block, is_sample: bool) -> ParsedNetwork | None:
    span = _range_of(section, "netrange")
    if span is None:
        return None
    return _network(
        span,
        handle=section.first("nethandle"),
        name=section.first("netname"),
        holder=section.first("custname", "orgname") or re.sub(r" \([\w-]+\)$", "", section.first("organization")),
        holder_handle="" if section.first("custname") else section.first("orgid"),
        country=section.first("country"),
        contacts=list(_arin_contacts(section)),
        asn=read_asn(section.first("originas")),
        is_sample=is_sample,
    )


def _arin_contacts(section: Block) -> Iterator[Contact]:
    """R… are contacts of the network itself, Org… those of its organisation."""
    for prefix, level in (("r", 0), ("org", 1)):
        for what, role in (("abuse", ABUSE), ("tech", TECHNICAL), ("noc", TECHNICAL), ("admin", ADMINISTRATIVE)):
            handle = section.first(f"{prefix}{what}handle")
            for email in (email for line in section.all(f"{prefix}{what}email") for email in find_emails(line)):
                yield contact_of(email, role, level, entity=handle)
    yield from remarked(section.all("comment"), 1)


def _with_contacts_of(network: ParsedNetwork, above: ParsedNetwork) -> ParsedNetwork:
    contacts = [*network.contacts, *deeper(above.contacts)]
    return ParsedNetwork(**{**vars(network), "contacts": ranked(contacts)})


def _listed(text: str, is_sample: bool) -> Iterator[ParsedNetwork]:
    """ARIN's short form: `Holder NAME (NET-…) first - last`."""
    for line in text.splitlines()[:MAX_LINES]:
        found = _LISTED.fullmatch(one_line(line, 500))
        try:
            span = read_range(found["range"]) if found else None
        except ValueError:
            span = None
        if found and span:
            yield _network(span, handle=found["handle"], name=found["name"], holder=found["holder"], contacts=[], is_sample=is_sample)


# RWHOIS


def _rwhois(text: str) -> Iterator[ParsedNetwork]:
    fields = [
        (found[1].lower(), one_line(found[2])) for line in text.splitlines()[:MAX_LINES] if (found := _RWHOIS.fullmatch(line.strip()))
    ]
    starts = [at for at, (field, _value) in enumerate(fields) if field == "auth-area"] or [0]
    for start, end in zip(starts, [*starts[1:], len(fields)], strict=True):
        block = Block(fields[start:end])
        if span := _range_of(block, "ip-network-block", "ip-network"):
            yield _network(
                span,
                handle=block.first("id", "handle"),
                name=block.first("network-name"),
                holder=block.first("org-name", "organization", "customer-name"),
                country=block.first("country-code", "country"),
                contacts=list(_rwhois_contacts(block)),
            )


def _rwhois_contacts(block: Block) -> Iterator[Contact]:
    for field, role in (("abuse-contact", ABUSE), ("tech-contact", TECHNICAL), ("admin-contact", ADMINISTRATIVE)):
        for email in (email for line in block.all(field) for email in find_emails(line)):
            yield contact_of(email, role, 0)
