"""What every page goes through first: who may look, at which address, and what its address names."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

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
