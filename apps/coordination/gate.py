"""Objections against a mail before it leaves. Each can be overridden with a reason, which is recorded and shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

MIN_PACKETS = 3
MAX_SILENCE = timedelta(days=14)
MAX_LOOKUP_AGE = timedelta(days=7)


@dataclass(frozen=True)
class HostFacts:
    """What the gate needs to know of one host. `lookup_at` is that of the very address, None without one."""

    address: str
    packets: int
    sensors: int
    hours: int
    last_seen: datetime | None
    is_bogon: bool
    is_backscatter: bool
    is_connectionless: bool  # nothing but UDP and ICMP was seen
    lookup_at: datetime | None


@dataclass(frozen=True)
class GateFacts:
    hosts: tuple[HostFacts, ...]
    measured_at: datetime  # what silence is counted from
    measured_at_newest_data: bool  # … which is the newest data, not now: the observations are imported
    now: datetime
    is_manual_contact: bool
    contact_chosen_at: datetime | None
    is_registry_mailbox: bool
    is_bounced: bool
    strong_words: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """One objection. `code` is stable; an override is given for it."""

    code: str
    text: str


def check(facts: GateFacts) -> list[Finding]:
    """Every objection, in the order in which a person would look at them."""
    return [finding for rule in _RULES for finding in rule(facts)]


def _few_packets(facts: GateFacts) -> list[Finding]:
    bad = [host.address for host in facts.hosts if host.packets < MIN_PACKETS]
    return _about("few_packets", _("fewer than %(n)d packets: %(addresses)s"), bad, n=MIN_PACKETS)


def _one_sensor_one_hour(facts: GateFacts) -> list[Finding]:
    bad = [host.address for host in facts.hosts if host.sensors < 2 and host.hours < 2]
    return _about("one_sensor_one_hour", _("seen neither by 2 sensors nor in 2 separate hours: %(addresses)s"), bad)


def _silent(facts: GateFacts) -> list[Finding]:
    bad = [host.address for host in facts.hosts if host.last_seen is None or facts.measured_at - host.last_seen > MAX_SILENCE]
    text = _("silent for more than 14 days: %(addresses)s")
    if facts.measured_at_newest_data:
        text = _("silent for more than 14 days before the newest data of this portal: %(addresses)s")
    return _about("silent", text, bad)


def _bogon(facts: GateFacts) -> list[Finding]:
    return _about("bogon", _("not a public address: %(addresses)s"), [host.address for host in facts.hosts if host.is_bogon])


def _backscatter(facts: GateFacts) -> list[Finding]:
    bad = [host.address for host in facts.hosts if host.is_backscatter]
    return _about("backscatter", _("backscatter, whose source is a victim: %(addresses)s"), bad)


def _connectionless(facts: GateFacts) -> list[Finding]:
    bad = [host.address for host in facts.hosts if host.is_connectionless]
    return _about("connectionless", _("only UDP or ICMP, whose source is easily spoofed: %(addresses)s"), bad)


def _lookup(facts: GateFacts) -> list[Finding]:
    if facts.is_manual_contact:
        chosen = facts.contact_chosen_at
        is_old = chosen is None or facts.now - chosen > MAX_LOOKUP_AGE
        return [Finding("lookup_old", _("contact entered by hand more than 7 days ago"))] if is_old else []
    missing = [host.address for host in facts.hosts if host.lookup_at is None]
    old = [host.address for host in facts.hosts if host.lookup_at and facts.now - host.lookup_at > MAX_LOOKUP_AGE]
    return [*_about("lookup_missing", _("no contact look-up of that very address: %(addresses)s"), missing),
            *_about("lookup_old", _("contact look-up older than 7 days: %(addresses)s"), old)]  # fmt: skip


def _registry_mailbox(facts: GateFacts) -> list[Finding]:
    return [Finding("registry_mailbox", _("the contact is a registry's own mailbox"))] if facts.is_registry_mailbox else []


def _bounced(facts: GateFacts) -> list[Finding]:
    return [Finding("bounced", _("an earlier mail to this contact bounced"))] if facts.is_bounced else []


def _wording(facts: GateFacts) -> list[Finding]:
    words = ", ".join(f"“{word}”" for word in facts.strong_words)
    return [Finding("wording", _("the text claims more than the evidence allows: %(words)s") % {"words": words})] if words else []


def _about(code: str, text: str, addresses: Sequence[str], **values: int) -> list[Finding]:
    return [Finding(code, text % {"addresses": ", ".join(addresses), **values})] if addresses else []


_RULES: tuple[Callable[[GateFacts], list[Finding]], ...] = (
    _bogon, _backscatter, _few_packets, _one_sensor_one_hour, _connectionless, _silent, _lookup, _registry_mailbox, _bounced, _wording,
)  # fmt: skip
