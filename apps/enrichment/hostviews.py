"""What runs on an address: a fragment of the source page that keeps itself up to date, and the button that asks."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.guards import own_staff_required, require_role
from apps.accounts.models import User
from apps.common.errors import ParameterError
from apps.enrichment.hosts import queries, services
from apps.enrichment.models import HostProvider, Priority
from apps.enrichment.views import ASKERS, may_look_up, next_page


@require_GET
@own_staff_required
def host(request: HttpRequest) -> HttpResponse:
    """The card for `?address=`, which asks for itself again until a look-up has ended, and a page by itself without htmx; `scan`
    chooses one of the history."""
    scan = request.GET.get("scan", "")
    return _fragment(request, request.GET.get("address", ""), int(scan) if scan.isascii() and scan.isdigit() else None)


@require_POST
@require_role(*ASKERS)
def lookup(request: HttpRequest) -> HttpResponse:
    """Ask `service` about the very address; answers with the fragment to htmx, and otherwise goes back to `next`."""
    address = request.POST.get("address", "")
    is_htmx = bool(request.headers.get("HX-Request"))
    try:
        _ask(request, address)
    except ParameterError as error:
        if is_htmx:
            return HttpResponse(error.message, status=400, content_type="text/plain; charset=utf-8")
        messages.error(request, error.message)
    return _fragment(request, address) if is_htmx else HttpResponseRedirect(next_page(request))


def _ask(request: HttpRequest, address: str) -> None:
    wanted = request.POST.get("service", "")
    if wanted and wanted not in HostProvider:
        raise ParameterError("service", f"{wanted[:20]!r}")
    services.request_host_lookup(
        address=address,
        by=request.user if isinstance(request.user, User) else None,
        reason="asked for by a person",
        priority=Priority.PAGE,
        service=HostProvider(wanted) if wanted else None,
        at_once=True,
    )


def _fragment(request: HttpRequest, address: str, scan: int | None = None) -> HttpResponse:
    assert isinstance(request.user, User)  # the guards let nobody else in
    try:
        info = queries.host_info(request.user, address, scan)
    except ValueError as error:
        raise Http404 from error
    template = "enrichment/_host.html" if request.headers.get("HX-Request") else "enrichment/host.html"
    response = render(request, template, {"host": info, "may_look_up": may_look_up(request.user)})
    patch_vary_headers(response, ["HX-Request"])
    return response
