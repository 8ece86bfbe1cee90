"""Pages of holders. Names of holders are for own staff; others get the 404 of a page that does not exist."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from apps.accounts.guards import get_visible_or_404
from apps.common.exports import csv_response
from apps.enrichment.holders import family
from apps.enrichment.models import Holder
from apps.portal import downloads
from apps.portal.pages.holder import holder_page, holder_sources, trend_of_holder
from apps.portal.pages.holders import OWN, TOP, header_of, holder_rows, holders_page, naming_of
from apps.portal.pages.lookingup import later as looking_up_later
from apps.portal.state import view_from
from apps.portal.views.guards import card_or_page, staff_page


@staff_page
def holders(request: HttpRequest) -> HttpResponse:
    view = view_from(request, limit=TOP, others=OWN)
    return card_or_page(request, "holders", holders_page(view), looking_up=looking_up_later(view))


@staff_page
def csv_holders(request: HttpRequest) -> HttpResponseBase:
    view = view_from(request, others=OWN)
    rows = list(holder_rows(view))  # what cannot be answered must fail before the answer begins
    return csv_response("holders", header_of(naming_of(view.query)), rows)


@staff_page
def holder(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A merged holder's page is that of the holder it counts for."""
    found = _holder_or_404(request, pk)
    if found.pk != pk:
        return redirect(request.get_full_path().replace(f"/{pk}/", f"/{found.pk}/", 1))
    return render(request, "portal/holder.html", {"page": holder_page(view_from(request), found)})


@staff_page
def holder_ports(request: HttpRequest, pk: int) -> HttpResponse:
    return card_or_page(request, "holder_sources", holder_sources(view_from(request), _holder_or_404(request, pk)))


@staff_page
def csv_holder_trend(request: HttpRequest, pk: int) -> HttpResponseBase:
    return downloads.figure_file(f"holder-{pk}-by-day", trend_of_holder(view_from(request), _holder_or_404(request, pk)))


def _holder_or_404(request: HttpRequest, pk: int) -> Holder:
    holder: Holder = get_visible_or_404(Holder.objects.select_related("merged_into"), request.user, pk=pk)
    return family.root_of(holder)
