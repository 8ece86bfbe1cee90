"""Who gets to a ticket, and how problems are told: one guard for all views about tickets."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import User
from apps.common.errors import DomainError
from apps.coordination import changes, queries
from apps.coordination.models import Investigation, may_read_tickets

View = Callable[..., HttpResponseBase]


class SignedRequest(HttpRequest):
    """A request behind one of the guards below: somebody is signed in."""

    user: User


def reader(view: View) -> View:
    """A GET view of tickets: people who may see none get a 404, as if there were none."""

    @wraps(view)
    def guarded(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        _require_reader(request)
        return view(request, **arguments)

    return login_required(require_GET(guarded))


def writer_page(view: View) -> View:
    """A page for coordinators and approvers alone: 404 for people who may see no tickets, 403 for readers."""

    @wraps(view)
    def guarded(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        _require_reader(request)
        changes.require_writer(cast(User, request.user))
        return view(request, **arguments)

    return login_required(require_http_methods(["GET", "POST"])(guarded))


def action(view: Callable[..., HttpResponseBase | None]) -> View:
    """A POST view `view(request, ticket, …)`. It ends on the ticket's page unless it answers with another place.

    404 for those who may not see the ticket, 403 for those who may only read; what the domain refuses is told there.
    """

    @wraps(view)
    def guarded(request: HttpRequest, number: str, **arguments: Any) -> HttpResponseBase:
        ticket = ticket_or_404(request, number)
        changes.require_writer(cast(User, request.user))
        try:
            answer = view(request, ticket, **arguments)
        except DomainError as error:
            _tell(request, error)
            return redirect(f"coordination:{'preview' if request.POST.get('back') == 'preview' else 'ticket-detail'}", number=number)
        return answer or redirect("coordination:ticket-detail", number=number)

    return login_required(require_POST(guarded))


def ticket_or_404(request: HttpRequest, number: str) -> Investigation:
    ticket = queries.visible_ticket(request.user).filter(number=number).first()
    if ticket is None:
        raise Http404
    return ticket


def written(request: HttpRequest, name: str, most: int) -> str:
    """What a person wrote into a field, cut to `most` letters; without NUL, which no text of the database can hold."""
    return request.POST.get(name, "").replace("\x00", "")[:most]


def _require_reader(request: HttpRequest) -> None:
    if not may_read_tickets(request.user):
        raise Http404


def _tell(request: HttpRequest, error: DomainError) -> None:
    messages.error(request, error.message)
    for problem in dict.fromkeys(error.fields.values()):
        if problem not in error.message:
            messages.error(request, problem)
