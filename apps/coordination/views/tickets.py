"""One ticket, and what is done with it by hand."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from apps.common.errors import DomainError
from apps.coordination import queries
from apps.coordination.forms import CloseIncidentForm, PlanForm, TermsForm
from apps.coordination.models import IncidentState, Investigation
from apps.coordination.services import contacts, tickets
from apps.coordination.views.access import SignedRequest, action, reader, ticket_or_404, written


@reader
def ticket_detail(request: SignedRequest, number: str) -> HttpResponse:
    return render(request, "coordination/ticket_detail.html", _context(request, ticket_or_404(request, number)))


@reader
def ticket_contact(request: SignedRequest, number: str) -> HttpResponse:
    """The part about hosts and contact, which changes by itself while a look-up is under way."""
    return render(request, "coordination/_contact_update.html", _context(request, ticket_or_404(request, number)))


@dataclass(frozen=True)
class Written:
    """What a person wrote into a draft, beginning with its `version`."""

    subject: str
    body: str
    version: int | None

    @classmethod
    def of(cls, request: SignedRequest) -> "Written":
        version = request.POST.get("version", "")
        number = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else None
        return cls(written(request, "subject", 250), written(request, "body", 100_000), number)


def page_with(request: SignedRequest, ticket: Investigation, written: Written, error: DomainError) -> HttpResponse:
    """The ticket's page with what was refused still in its form, and what is saved meanwhile beside it."""
    context = _context(request, ticket_or_404(request, ticket.number))
    return render(request, "coordination/ticket_detail.html", context | {"written": written, "problem": error}, status=error.status)


@action
def add_note(request: SignedRequest, ticket: Investigation) -> None:
    tickets.add_note(investigation=ticket, by=request.user, text=written(request, "text", 10_000))


@action
def change_state(request: SignedRequest, ticket: Investigation) -> None:
    tickets.change_state(investigation=ticket, by=request.user, to=request.POST.get("to", ""), why=written(request, "why", 4000))


@action
def change_host_state(request: SignedRequest, ticket: Investigation, host: int) -> None:
    chosen = get_object_or_404(ticket.hosts, pk=host)
    tickets.change_host_state(host=chosen, by=request.user, to=request.POST.get("to", ""), why=written(request, "why", 4000))


@action
def plan(request: SignedRequest, ticket: Investigation) -> None:
    form = PlanForm(request.POST, people=queries.people_in_charge())
    if not form.is_valid():
        raise DomainError(" ".join(str(error) for errors in form.errors.values() for error in errors))
    tickets.plan(investigation=ticket, by=request.user, **form.cleaned_data)


@action
def look_up(request: SignedRequest, ticket: Investigation) -> None:
    if not contacts.look_up(ticket, by=request.user, again=True):
        messages.info(request, _("The answers on record are recent, or the registry asked us to wait."))


@action
def choose_contact(request: SignedRequest, ticket: Investigation) -> HttpResponse:
    return redirect(contacts.choose(investigation=ticket, by=request.user, email=request.POST.get("email", "")))


@action
def enter_contact(request: SignedRequest, ticket: Investigation) -> HttpResponse:
    email, holder, why = (written(request, name, 4000) for name in ("email", "holder", "why"))
    return redirect(contacts.enter(investigation=ticket, by=request.user, email=email, holder=holder, why=why))


@action
def take_back(request: SignedRequest, ticket: Investigation) -> None:
    contacts.take_back(investigation=ticket, by=request.user)


@action
def close_incident(request: SignedRequest, ticket: Investigation) -> None:
    to = IncidentState.ABANDONED if request.POST.get("to") == IncidentState.ABANDONED else IncidentState.RESOLVED
    tickets.close_incident(incident=ticket.incident, by=request.user, to=to, resolution=request.POST.get("resolution", ""),
                           why=written(request, "why", 4000))  # fmt: skip


def _context(request: SignedRequest, ticket: Investigation) -> dict[str, Any]:
    return {
        "page": queries.ticket_page(ticket, request.user),
        "ticket": ticket,
        "people": queries.people_in_charge(),
        "terms_form": TermsForm(initial={"language": ticket.language, "tlp": ticket.tlp}),
        "close_form": CloseIncidentForm(),
    }
