"""The explorer's page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.portal.explorer.question import NAMES
from apps.portal.explorer.typed import tidy_url
from apps.portal.pages.explorer import explorer_page
from apps.portal.state import view_from
from apps.portal.views.guards import analysis_page


@analysis_page
def explorer(request: HttpRequest) -> HttpResponse:
    if tidy := tidy_url(request):
        return redirect(tidy)
    return render(request, "portal/explorer.html", {"page": explorer_page(view_from(request, others=NAMES))})
