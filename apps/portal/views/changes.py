"""The list of notable changes, and what people make of one."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.accounts.guards import get_visible_or_404, require
from apps.accounts.models import User
from apps.analysis.changes import decisions, listing
from apps.analysis.models import Change
from apps.common.errors import DomainError
from apps.portal.pages.changes import change_line, changes_page, refused
from apps.portal.state import view_from
from apps.portal.views.guards import analysis_page


@analysis_page
def changes(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/changes.html", {"page": changes_page(view_from(request, others=listing.NAMES - {"limit"}))})


@require(decisions.may_decide)
@require_POST
def decide_change(request: HttpRequest, change: int) -> HttpResponse:
    """The change as it is then: for htmx the fragment, else the page of it."""
    user, is_fragment = cast(User, request.user), bool(request.htmx)  # type: ignore[attr-defined]
    found = get_visible_or_404(Change.objects.select_related("decided_by"), user, pk=change)
    try:
        state, reason = request.POST.get("state", ""), request.POST.get("reason", "")
        line = change_line(listing.row_of(decisions.decide(change=found, by=user, state=state, reason=reason), user), user)
    except DomainError as error:
        if not is_fragment:
            raise
        line = refused(listing.row_of(found, user), user, error)
    return render(request, "portal/_change.html", {"line": line}) if is_fragment else redirect("portal:changes")
