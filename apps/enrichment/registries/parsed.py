"""A registry's answer as one network, in whatever form it came: the shape, and the small rules that all forms share."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network, summarize_address_range
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.enrichment.blocks import Address
from apps.enrichment.models import ContactRole
from apps.enrichment.registries.mailboxes import is_placeholder, is_registry_mailbox, is_registry_name

SAMPLE_REMARK = "Sample data"  # in answers that the stand-in invented
MAX_CONTACTS = 50
MAX_CIDRS = 64
LARGEST_ASN = 2**32 - 1
# In text around it; what it finds still has to be valid.
_ABOUT_ABUSE = re.compile(r"abuse|spam|security|incident|不正|迷惑", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.!#$%&*+/=?^`{|}~-]{1,64}@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+", re.ASCII)


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
    asn: int | None = None

    @property
    def size(self) -> int:
        return int(self.end) - int(self.start) + 1

    @property
    def is_everything(self) -> bool:
        """Whether it is the root of the address space, with which registries answer where they know nothing."""
        return self.size >= 2 ** (self.start.max_prefixlen - 1)

    @property
    def has_contact(self) -> bool:
        """Whether it names an address that may be written to."""
        return any(not contact.is_registry_mailbox for contact in self.contacts)

    @property
    def is_wanting(self) -> bool:
        """Whether it leaves open who holds the range, or whom to write to."""
        return not self.holder or is_placeholder(self.name, self.holder) or not self.has_contact

    def holds(self, address: Address) -> bool:
        return self.start.version == address.version and int(self.start) <= int(address) <= int(self.end)


def more_specific(known: ParsedNetwork, other: ParsedNetwork) -> ParsedNetwork:
    """What both say of one address, the narrower one first; of two equally narrow ones `other`, who was asked to know more.

    Contacts are those of the narrower where it names any that may be written to: whoever uses a network knows more of its
    hosts than whoever assigned it."""
    near, far = (other, known) if other.size <= known.size else (known, other)
    is_held_by_near = bool(near.holder) and not (is_registry_name(near.holder) and far.holder)
    holds = near if is_held_by_near else far
    handle = holds.holder_handle or (far.holder_handle if far.holder == near.holder else "")
    return replace(
        near,
        name=near.name or far.name,
        holder=holds.holder,
        holder_handle=handle,
        country=near.country or far.country,
        asn=near.asn or far.asn,
        is_sample=near.is_sample or far.is_sample,
        contacts=near.contacts if near.has_contact else ranked([*near.contacts, *deeper(far.contacts)]),
    )


# Ranges


def cidrs_of(start: Address, end: Address) -> tuple[str, ...]:
    return tuple(map(str, summarize_address_range(start, end)))[:MAX_CIDRS]


def read_range(text: str) -> tuple[Address, Address]:
    """`a - b`, `a/n` or `200.57.128/19` as first and last address; ValueError for anything else."""
    first, dash, last = (part.strip() for part in text.partition(" - "))
    if dash:
        start, end = ip_address(first), ip_address(last.split(" ")[0])
        if start.version != end.version or int(start) > int(end):
            raise ValueError(f"{text!r} is no range")
        return start, end
    network = _read_prefix(first.split(" ")[0])
    return network.network_address, network.broadcast_address


def _read_prefix(text: str) -> IPv4Network | IPv6Network:
    address, slash, length = text.partition("/")
    if slash and "." in address and address.count(".") < 3:
        address += ".0" * (3 - address.count("."))
    return ip_network(f"{address}{slash}{length}", strict=False)


# Contacts


def contact_of(email: str, role: ContactRole, level: int, *, entity: str = "", organisation: str = "") -> Contact:
    """A mailbox that is named for abuse (RFC 2142) is one, whatever its owner is registered for."""
    is_for_abuse = "abuse" in email.rpartition("@")[0].lower()
    return Contact(email, ContactRole.ABUSE if is_for_abuse else role, level, entity, organisation, is_registry_mailbox(email))


def ranked(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    """Each mail address once, in its best role and nearest to the network; best first, mailboxes of registries last."""
    best: dict[str, Contact] = {}
    for contact in contacts:
        known = best.setdefault(contact.email.lower(), contact)
        if (contact.role, contact.level) < (known.role, known.level):
            best[contact.email.lower()] = contact
    return tuple(sorted(best.values(), key=_rank)[:MAX_CONTACTS])


def _rank(contact: Contact) -> tuple[bool, int, int]:
    return contact.is_registry_mailbox, contact.role, contact.level


def deeper(contacts: Iterable[Contact], levels: int = 1) -> list[Contact]:
    return [replace(contact, level=contact.level + levels) for contact in contacts]


def read_email(value: Any) -> str:
    """The bare address of `mailto:a@b?subject=x`, `"a@b"`, `<a@b>` or `Desk <a@b>`; '' where it is none or more than one."""
    text = one_line(value, 400)
    if text.count("<") == 1 and text.endswith(">"):
        text = text.rpartition("<")[2]
    text = re.sub(r"^mailto:", "", text.strip(" \"'<>;,()"), flags=re.IGNORECASE).partition("?")[0].strip(" \"'<>")
    return _valid(text)


def find_emails(text: str) -> list[str]:
    """Every address in running text, in order."""
    return [email for email in (_valid(re.sub(r"^mailto:", "", found).strip(".")) for found in _EMAIL.findall(text)) if email]


def remarked(lines: Iterable[str], level: int, entity: str = "") -> list[Contact]:
    """Mailboxes for abuse that only a remark names ("send abuse reports to …")."""
    about = [line for line in lines if _ABOUT_ABUSE.search(line)]
    return [contact_of(email, ContactRole.ABUSE, level, entity=entity) for line in about for email in find_emails(line)]


def _valid(text: str) -> str:
    """The address with its domain in small letters; '' where it is none. Registries do hold `_` in domains."""
    name, _at, domain = text.rpartition("@")
    try:
        validate_email(f"{name}@{domain.replace('_', '-')}")
    except ValidationError:
        return ""
    return f"{name}@{domain.lower()}" if len(text) <= 254 else ""


# Small parts


def read_asn(value: Any) -> int | None:
    """`AS64500`, `64500` or 64500; None for 0, `N/A` and whatever else is none."""
    found = re.match(r"(?:AS)?(\d{1,10})\b", str(value).strip(), re.IGNORECASE)
    number = int(found[1]) if found else 0
    return number if 0 < number <= LARGEST_ASN else None


def read_country(value: Any) -> str:
    country = one_line(value).partition("#")[0].strip().upper()
    return country if re.fullmatch("[A-Z]{2}", country) and country != "ZZ" else ""


def one_line(value: Any, limit: int = 300) -> str:
    """A value as one line of text without control characters."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(char if char.isprintable() else " " for char in value).split())[:limit]
