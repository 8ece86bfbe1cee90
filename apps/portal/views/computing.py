"""The answer to whoever asks for a view that is not computed yet: how far it is, until it can be shown."""

from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET

from apps.accounts.models import User
from apps.observations import computations
from apps.observations.planning.needed import NeedsComputationError
from apps.portal.pages.computing import computing_page


def being_computed(request: HttpRequest, error: NeedsComputationError) -> HttpResponse:
    """202, at the address that was asked for, which shows the view once it is computed: a reload is enough."""
    started = computations.start(cast(User, request.user), error.reads)
    asked = request.get_full_path()
    query = urlencode({"of": ",".join(str(one.pk) for one in started), "asked": asked if _is_card(request) else ""})
    page = computing_page(started, progress_url=f"{reverse('portal:computing')}?{query}", asked=asked)
    if _is_card(request):
        return render(request, "portal/_computing.html", {"page": page})  # htmx swaps what answers 200 or 202 alike
    return render(request, "portal/computing.html", {"page": page}, status=503 if page.has_failed else 202)


@login_required
@require_GET
def computing(request: HttpRequest) -> HttpResponse:
    """How far one's own computations are, for htmx to ask again and again; when they are done, what was asked for comes instead."""
    found = computations.of(cast(User, request.user), _uuids(request.GET.get("of", "")))
    if not found:
        raise Http404
    asked = request.GET.get("asked", "")
    if not url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
        asked = ""
    page = computing_page(found, progress_url=request.get_full_path(), asked=asked)
    response = render(request, "portal/_computing.html", {"page": page})
    if page.has_ended and not asked:
        response["HX-Refresh"] = "true"
    return response


def _is_card(request: HttpRequest) -> bool:
    """Whether a part of a page is asked for, not the page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def _uuids(text: str) -> list[UUID]:
    try:
        return [UUID(part) for part in text.split(",")]
    except ValueError as error:
        raise Http404 from error
