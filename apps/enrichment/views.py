"""Who runs an address: a fragment of the source page that keeps itself up to date, and the button that asks."""

from collections.abc import Mapping
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.guards import own_staff_required, require_role
from apps.accounts.models import Role, User
from apps.common.errors import ParameterError
from apps.enrichment import queries, services
from apps.enrichment.models import Priority
from apps.enrichment.providerstates import provider_states

PAUSERS = (Role.ADMIN, Role.COORDINATOR)
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
    return _fragment(request, address) if request.headers.get("HX-Request") else HttpResponseRedirect(next_page(request))


@require_GET
@own_staff_required
def providers(request: HttpRequest) -> HttpResponse:
    return _providers(request)


@require_POST
@require_role(*PAUSERS)
def pause_provider(request: HttpRequest, name: str) -> HttpResponse:
    reason = request.POST.get("reason", "")
    try:
        services.pause_provider(name=name, by=cast(User, request.user), reason=reason)
    except ParameterError as error:
        if error.name == "name":
            raise Http404 from error
        return _providers(request, {"name": name, "reason": reason[:400], "problem": error.message}, status=error.status)
    messages.success(request, _("%(provider)s is paused.") % {"provider": name})
    return redirect("enrichment:providers")


@require_POST
@require_role(*PAUSERS)
def resume_provider(request: HttpRequest, name: str) -> HttpResponse:
    try:
        services.resume_provider(name=name, by=cast(User, request.user))
    except ParameterError as error:
        raise Http404 from error
    messages.success(request, _("%(provider)s is asked again.") % {"provider": name})
    return redirect("enrichment:providers")


def _providers(request: HttpRequest, refused: Mapping[str, str] | None = None, status: int = 200) -> HttpResponse:
    """`refused` is a form as it was written, and what is wrong with it."""
    user = cast(User, request.user)
    page = {"states": provider_states(), "priorities": Priority, "may_pause": user.has_role(*PAUSERS), "refused": refused or {}}
    return render(request, "enrichment/providers.html", page, status=status)


def _fragment(request: HttpRequest, address: str) -> HttpResponse:
    try:
        info = queries.address_info(address, with_history=True)
    except ValueError as error:
        raise Http404 from error
    return render(request, "enrichment/_holder.html", {"info": info, "may_look_up": may_look_up(request.user)})


def may_look_up(user: object) -> bool:
    return isinstance(user, User) and user.is_own_staff and user.has_role(*ASKERS)


def next_page(request: HttpRequest) -> str:
    page = request.POST.get("next", "")
    return page if url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()}) else "/"
