"""What every page goes through first: who may look, at which address, and what its address names."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from apps.accounts.models import User
from apps.common.ports import PortKey
from apps.enrichment.blocks import read_address
from apps.observations.planning.reading import reading
from apps.portal.state import canonical_url

View = Callable[..., HttpResponseBase]


def analysis_page(view: View) -> View:
    """For people who are signed in, at its tidy address; all its figures are of one moment."""

    @wraps(view)
    def guarded(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        if tidy := canonical_url(request):
            return redirect(tidy)
        with reading():
            return view(request, **arguments)

    return login_required(require_GET(guarded))


def staff_page(view: View) -> View:
    """A page for own staff; others get the 404 of a page that does not exist."""

    @wraps(view)
    def guarded(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        if not cast(User, request.user).is_own_staff:
            raise Http404
        return view(request, **arguments)

    return analysis_page(guarded)


def card_or_page(request: HttpRequest, name: str, page: object, **others: object) -> HttpResponse:
    """A part of other pages that is a page by itself, too: htmx asks for the card alone."""
    template = f"portal/_{name}.html" if request.headers.get("HX-Request") else f"portal/{name}.html"
    response = render(request, template, {"page": page, **others})
    patch_vary_headers(response, ["HX-Request"])
    return response


def port_or_404(text: str) -> PortKey:
    try:
        return PortKey.parse(text)
    except ValueError as error:
        raise Http404 from error


def address_or_404(text: str) -> str:
    try:
        return str(read_address(text))
    except ValueError as error:
        raise Http404 from error
