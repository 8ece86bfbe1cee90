"""The card that tells how many sources of a view were looked up, and its button."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.guards import require_role
from apps.accounts.models import User
from apps.enrichment.models import Priority
from apps.enrichment.views import ASKERS
from apps.observations.planning.sourcelists import require_addresses
from apps.portal import words
from apps.portal.pages.lookingup import ask_for_sources, looking_up_page
from apps.portal.state import OF_SOURCES, view_from
from apps.portal.views.guards import card_or_page, staff_page


@require_http_methods(["GET", "POST"])
def looking_up(request: HttpRequest) -> HttpResponseBase:
    return _ask(request) if request.method == "POST" else _show(request)


@staff_page
def _show(request: HttpRequest) -> HttpResponse:
    return card_or_page(request, "looking_up", looking_up_page(view_from(request, others=OF_SOURCES)))


@require_POST
@require_role(*ASKERS)
def _ask(request: HttpRequest) -> HttpResponse:
    """Queue the sources of the view in the address, then show the card, which survives a reload."""
    view = view_from(request, others=OF_SOURCES)
    require_addresses(view.selection.scope)
    counts = ask_for_sources(
        view.selection,
        provider=request.POST.get("provider", ""),
        by=cast(User, request.user),
        limit=settings.LOOKUP_BATCH_LIMIT,
        reason="sources of a view",
        priority=Priority.REPORT,
    )
    if request.headers.get("HX-Request"):
        return card_or_page(request, "looking_up", looking_up_page(view))
    queued = _("%(count)s sources are being looked up.") % {"count": words.number(counts.asked)}
    messages.success(request, queued if counts.asked else _("Nothing is left to look up."))
    return redirect(request.get_full_path())
