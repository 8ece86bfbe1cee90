"""Who runs an address: a fragment of the source page that keeps itself up to date, and the button that asks."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.guards import own_staff_required, require_role
from apps.accounts.models import Role, User
from apps.common.errors import ParameterError
from apps.enrichment import queries, services

ASKERS = (Role.ANALYST, Role.COORDINATOR, Role.APPROVER)


@require_GET
@own_staff_required
def holder(request: HttpRequest) -> HttpResponse:
    """The fragment for `?address=`, which a page with a look-up under way asks for until it has ended."""
    return _fragment(request, request.GET.get("address", ""))


@require_POST
@require_role(*ASKERS)
def lookup(request: HttpRequest) -> HttpResponse:
    """Ask for the very address; answers with the fragment to htmx, and otherwise goes back to `next`."""
    address = request.POST.get("address", "")
    by = request.user if isinstance(request.user, User) else None
    try:
        services.request_lookup(address=address, by=by, reason="asked for by a person", exact=True)
    except ParameterError as error:
        if request.headers.get("HX-Request"):
            return HttpResponse(error.message, status=400, content_type="text/plain; charset=utf-8")
        messages.error(request, error.message)
    return _fragment(request, address) if request.headers.get("HX-Request") else HttpResponseRedirect(_next_page(request))


def _fragment(request: HttpRequest, address: str) -> HttpResponse:
    try:
        info = queries.address_info(address, with_history=True)
    except ValueError as error:
        raise Http404 from error
    return render(request, "enrichment/_holder.html", {"info": info, "may_look_up": may_look_up(request.user)})


def may_look_up(user: object) -> bool:
    return isinstance(user, User) and user.is_own_staff and user.has_role(*ASKERS)


def _next_page(request: HttpRequest) -> str:
    page = request.POST.get("next", "")
    return page if url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()}) else "/"
