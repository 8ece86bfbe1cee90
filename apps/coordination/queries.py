"""What the pages about tickets show, made ready; nothing here changes anything."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from ipaddress import ip_network
from operator import or_
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import Organisation, Role, User
from apps.common import sourcekeys
from apps.common.ports import PortKey
from apps.coordination import behaviours, contacting, lookups, numbers, timeline, transitions
from apps.coordination.models import (
    OUR_TURN_STATES,
    Draft,
    Host,
    HostState,
    Incident,
    IncidentState,
    Investigation,
    InvestigationQuerySet,
    InvestigationState,
    MailStatus,
    OutgoingMail,
    TimelineEntry,
)  # fmt: skip
from apps.reference.names import port_label

PAGE_SIZE = 50
_ADDRESSES_SHOWN = 3


@dataclass(frozen=True)
class TicketSearch:
    """Filters of the list. `state`: open, due, all, or one state."""

    state: str = "open"
    mine: bool = False
    text: str = ""


@dataclass(frozen=True)
class TicketRow:
    number: str
    url: str
    incident: str
    state: str
    state_label: str
    addresses: tuple[str, ...]
    more_addresses: int
    contact: str
    contact_status: str
    assignee: str
    wake_on: date | None
    is_due: bool
    changed_at: datetime


@dataclass(frozen=True)
class HostLine:
    """One host of the ticket page. `info` is enrichment's AddressInfo; `states` what a person may make of it."""

    host: Host
    state_label: str
    packets: int
    sensors: int
    hours: int
    first_seen: datetime | None
    last_seen: datetime | None
    ports: tuple[str, ...]
    info: Any
    lookup_status: str
    options: tuple[Any, ...]
    states: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TimelineLine:
    at: datetime
    who: str
    words: str
    why: str
    kind: str
    mail_id: int | None


@dataclass(frozen=True)
class TicketPage:
    ticket: Investigation
    incident: Incident
    behaviour: str
    hosts: tuple[HostLine, ...]
    is_looking_up: bool
    draft: Draft | None
    mails: tuple[OutgoingMail, ...]
    timeline: tuple[TimelineLine, ...]
    states: tuple[tuple[str, str], ...]
    may_write: bool
    may_choose_contact: bool
    may_draft: bool
    may_close_incident: bool
    contact_role: str
    bounced: frozenset[str]  # of the contacts offered, those to which a mail bounced
    other: Investigation | None  # the open ticket of the incident that has the contact offered first
    uncertain: OutgoingMail | None
    may_take_back: bool


def search(user: User | AnonymousUser, wanted: TicketSearch) -> InvestigationQuerySet:
    """Tickets of the list, those due first. Evaluate a page of it and give that to `rows`."""
    found = Investigation.objects.visible_to(user)
    if numbers.find(wanted.text):
        found = found.all()  # a number is one ticket, whatever its state
    elif wanted.state == "open":
        found = found.open()
    elif wanted.state == "due":
        found = found.filter(_due(user))
    elif wanted.state in InvestigationState.values:
        found = found.filter(state=wanted.state)
    if wanted.mine and isinstance(user, User):
        found = found.filter(assignee=user)
    number = numbers.find(wanted.text)
    if number:
        return found.filter(number=number)
    for word in behaviours.as_in_keys(wanted.text).replace("\x00", " ").split():
        found = found.filter(_matches(word))
    return found.order_by(F("wake_on").asc(nulls_last=True), "-number")


def rows(tickets: Iterable[Investigation] | InvestigationQuerySet) -> list[TicketRow]:
    """One line per ticket, in three queries however many there are (give a QuerySet, or a slice of one)."""
    if isinstance(tickets, InvestigationQuerySet):
        tickets = tickets.select_related("incident", "contact", "assignee").prefetch_related("hosts")
    chosen = list(tickets)
    states = lookups.states_of(host.address for ticket in chosen if ticket.contact is None for host in ticket.hosts.all())
    return [_row(ticket, states) for ticket in chosen]


def tickets_for_source(user: User | AnonymousUser, address: str) -> list[TicketRow]:
    """Tickets about an address (or an IPv6 /64), open ones first; [] for those who may see none."""
    visible = Investigation.objects.visible_to(user).filter(_about(address)).distinct()
    return sorted(rows(visible), key=lambda row: row.state in ("resolved", "closed_no_response"))


def tickets_in(user: User | AnonymousUser, ranges: Iterable[tuple[str, str]], limit: int = PAGE_SIZE) -> list[TicketRow]:
    """Tickets about an address within one of the ranges (first, last), newest first; [] for those who may see none."""
    within = [Q(hosts__address__gte=first, hosts__address__lte=last) for first, last in ranges]
    if not within:
        return []
    found = Investigation.objects.visible_to(user).filter(reduce(or_, within)).distinct()
    return rows(found.order_by("-number")[:limit])


def tickets_due(user: User | AnonymousUser, limit: int = 10) -> list[TicketRow]:
    """Tickets on which somebody of ours has to act now: woken up, waiting for us, or the user's own drafts."""
    return rows(search(user, TicketSearch(state="due"))[:limit]) if isinstance(user, User) else []


def ticket_page(ticket: Investigation, user: User) -> TicketPage:
    hosts = tuple(_host_line(host) for host in ticket.hosts.all())
    is_open = not ticket.is_closed
    siblings_open = ticket.incident.investigations.open().exists()
    mails = tuple(ticket.outgoing_mail.defer("message").order_by("-pk"))
    best = contacting.best([(line.host.address, line.info) for line in hosts]) if not ticket.contact and is_open else None
    other = contacting.other_ticket(ticket, best.email) if best else None
    under_way = any(getattr(line.info, "is_under_way", False) for line in hosts)
    return TicketPage(
        ticket=ticket,
        incident=ticket.incident,
        behaviour=behaviours.label(ticket.incident.behaviour),
        hosts=hosts,
        is_looking_up=under_way or bool(best and not other),
        draft=Draft.objects.select_related("evidence__investigation").filter(investigation=ticket).first(),
        mails=mails,
        timeline=tuple(_timeline_line(entry) for entry in ticket.timeline.all()),
        states=tuple((state.value, str(state.label)) for state in transitions.choices_by_hand(ticket.state)),
        may_write=user.may_coordinate,
        may_choose_contact=user.may_coordinate and ticket.state in (InvestigationState.DRAFT, InvestigationState.BOUNCED),
        may_draft=user.may_coordinate and is_open and ticket.state == InvestigationState.DRAFT,
        may_close_incident=user.may_coordinate and ticket.incident.state == IncidentState.OPEN and not siblings_open,
        contact_role=contacting.role_label(ticket.contact_role),
        bounced=frozenset(contacting.bounced_among(option.email for line in hosts for option in line.options)),
        other=other,
        uncertain=next((mail for mail in mails if mail.status == MailStatus.UNCERTAIN), None),
        may_take_back=user.may_coordinate and contacting.moved_away(ticket) is not None,
    )


def people_in_charge() -> list[User]:
    """Who may be put in charge of a ticket."""
    staff = User.objects.filter(is_active=True, organisation__kind=Organisation.Kind.OWN_CSIRT)
    return list(staff.filter(roles__overlap=[Role.COORDINATOR, Role.APPROVER]).order_by("username"))


def _due(user: User | AnonymousUser) -> Q:
    own_draft = Q(state=InvestigationState.DRAFT, assignee=user if isinstance(user, User) else None)
    awake = Q(wake_on__lte=timezone.localdate()) & ~Q(state__in=["resolved", "closed_no_response"])
    return awake | Q(state__in=OUR_TURN_STATES) | own_draft


def _matches(word: str) -> Q:
    return (
        Q(number__contains=numbers.folded(word).strip("[]#"))
        | Q(incident__behaviour__icontains=word)
        | Q(contact__email__icontains=word)
        | Q(contact__holder__icontains=word)
        | Q(pk__in=Host.objects.filter(address__startswith=word).values("investigation"))
    )


def _about(address: str) -> Q:
    network = ip_network(sourcekeys.to_address(sourcekeys.from_address(address.partition("/")[0])))
    return Q(hosts__address__gte=str(network[0]), hosts__address__lte=str(network[-1]))


def _row(ticket: Investigation, states: dict[str, str]) -> TicketRow:
    addresses = [host.address for host in ticket.hosts.all()]
    return TicketRow(
        number=ticket.number,
        url=ticket.get_absolute_url(),
        incident=behaviours.label(ticket.incident.behaviour),
        state=ticket.state,
        state_label=ticket.get_state_display(),
        addresses=tuple(addresses[:_ADDRESSES_SHOWN]),
        more_addresses=max(0, len(addresses) - _ADDRESSES_SHOWN),
        contact=ticket.contact.email if ticket.contact else "",
        contact_status=_contact_status(ticket, [states[address] for address in addresses if address in states]),
        assignee=ticket.assignee.get_username() if ticket.assignee else "",
        wake_on=ticket.wake_on,
        is_due=bool(ticket.wake_on and ticket.wake_on <= timezone.localdate() and not ticket.is_closed),
        changed_at=ticket.changed_at,
    )


def _contact_status(ticket: Investigation, states: Sequence[str]) -> str:
    if ticket.contact:
        return _("chosen")
    return lookups.status_words(states[0]) if states else _("not looked up")


def _host_line(host: Host) -> HostLine:
    info = lookups.info_of(host.address)
    seen = host.summary
    return HostLine(
        host=host,
        state_label=host.get_state_display(),
        packets=seen.get("packets", 0),
        sensors=seen.get("sensors", 0),
        hours=seen.get("hours", 0),
        first_seen=_instant(seen.get("first_seen")),
        last_seen=_instant(seen.get("last_seen")),
        ports=tuple(port_label(PortKey.parse(port)) for port in seen.get("ports", ())),
        info=info,
        lookup_status=lookups.status_words(info.state),
        options=tuple(lookups.options(info)),
        states=tuple((state.value, str(state.label)) for state in transitions.HOST[HostState(host.state)]),
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _timeline_line(entry: TimelineEntry) -> TimelineLine:
    actor = _("system") if entry.actor_id is None and entry.actor_name == TimelineEntry.SYSTEM else entry.actor_name
    return TimelineLine(entry.at, actor, timeline.words(entry), entry.why, entry.kind, entry.data.get("mail"))


def visible_ticket(user: User | AnonymousUser) -> InvestigationQuerySet:
    """Tickets the user may open, with what a ticket page reads of them."""
    hosts = Prefetch("hosts", Host.objects.order_by("address"))
    return Investigation.objects.visible_to(user).select_related("incident", "contact", "assignee").prefetch_related(hosts)
