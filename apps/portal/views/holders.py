"""Pages of holders. Names of holders are for own staff; others get the 404 of a page that does not exist."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from apps.common.exports import csv_response
from apps.enrichment.holders import Holder
from apps.enrichment.holders import holder as find_holder
from apps.enrichment.models import Network
from apps.portal import downloads
from apps.portal.pages.holders import TOP, holder_page, holder_rows, holder_sources, holders_page, trend_of_holder
from apps.portal.pages.lookingup import later as looking_up_later
from apps.portal.state import view_from
from apps.portal.views.guards import card_or_page, staff_page


@staff_page
def holders(request: HttpRequest) -> HttpResponse:
    view = view_from(request, limit=TOP)
    return card_or_page(request, "holders", holders_page(view), looking_up=looking_up_later(view))


@staff_page
def csv_holders(request: HttpRequest) -> HttpResponseBase:
    rows = list(holder_rows(view_from(request)))  # what cannot be answered must fail before the answer begins
    header = [_("Holder"), _("Registry"), _("networks"), _("sources"), _("mean daily sources"), _("As of")]
    return csv_response("holders", header, rows)


@staff_page
def holder(request: HttpRequest, pk: int) -> HttpResponseBase:
    found, networks = _holder_or_404(pk)
    if found.id != pk:
        return redirect(request.get_full_path().replace(f"/{pk}/", f"/{found.id}/", 1))
    return render(request, "portal/holder.html", {"page": holder_page(view_from(request), found, networks)})


@staff_page
def holder_ports(request: HttpRequest, pk: int) -> HttpResponse:
    return card_or_page(request, "holder_sources", holder_sources(view_from(request), _holder_or_404(pk)[0]))


@staff_page
def csv_holder_trend(request: HttpRequest, pk: int) -> HttpResponseBase:
    return downloads.figure_file(f"holder-{pk}-by-day", trend_of_holder(view_from(request), _holder_or_404(pk)[0]))


def _holder_or_404(pk: int) -> tuple[Holder, list[Network]]:
    found = find_holder(pk)
    if found is None:
        raise Http404
    return found
