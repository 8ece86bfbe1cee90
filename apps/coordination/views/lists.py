"""The list of tickets, and the form that opens one from a source."""

from typing import cast

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.common.errors import DomainError
from apps.coordination import openings, queries
from apps.coordination.forms import OpenForm
from apps.coordination.models import InvestigationState
from apps.coordination.services import tickets
from apps.coordination.views.access import reader, writer_page


@reader
def ticket_list(request: HttpRequest) -> HttpResponse:
    wanted = queries.TicketSearch(
        state=request.GET.get("state", "open"), mine=request.GET.get("mine") == "1", text=request.GET.get("q", "")[:200]
    )
    page = Paginator(queries.search(request.user, wanted), queries.PAGE_SIZE).get_page(request.GET.get("page"))
    link = request.GET.copy()
    link.pop("page", None)
    context = {
        "wanted": wanted,
        "states": [("open", _("open")), ("due", _("due")), ("all", _("all")), *InvestigationState.choices],
        "page": page,
        "rows": queries.rows(page.object_list),
        "link": link.urlencode(),
    }
    return render(request, "coordination/_ticket_rows.html" if request.htmx else "coordination/ticket_list.html", context)  # type: ignore[attr-defined]


@writer_page
def open_ticket(request: HttpRequest) -> HttpResponse:
    """What is known of the source, and the form; by POST the ticket."""
    user = cast(User, request.user)
    form = OpenForm(request.POST if request.method == "POST" else None)
    try:
        opening = openings.read(request.GET if request.method == "GET" else request.POST, user)
        if request.method == "POST" and form.is_valid():
            ticket = tickets.open_from_source(
                by=user, source=opening.source, ports=opening.ports, period=opening.period,
                language=form.cleaned_data["language"], note=form.cleaned_data["note"],
            )  # fmt: skip
            return redirect(ticket)
    except DomainError as error:
        return render(request, "coordination/open_ticket.html", {"problem": error.message, "form": form}, status=error.status)
    return render(request, "coordination/open_ticket.html", {"opening": opening, "form": form})
