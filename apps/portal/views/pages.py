"""The pages. Each guards, asks one query for all it shows, and renders."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from apps.accounts.models import User
from apps.observations.queries import newest_data
from apps.portal import downloads
from apps.portal.pages.asn import as_page
from apps.portal.pages.home import home_page
from apps.portal.pages.lookingup import later as looking_up_later
from apps.portal.pages.port import port_page
from apps.portal.pages.porthours import port_hours_page
from apps.portal.pages.rankings import ports_page, regions_page
from apps.portal.pages.region import panel_figure, region_page
from apps.portal.pages.sensors import sensors_page
from apps.portal.pages.source import source_page, timeline_figure
from apps.portal.pages.sources import sources_page
from apps.portal.search import destination
from apps.portal.state import OF_SOURCES, view_from
from apps.portal.views.guards import address_or_404, analysis_page, card_or_page, port_or_404
from apps.reference.names import is_region
from apps.reference.routeorigins import LARGEST_ASN
from apps.sensors.queries import scope_for


@analysis_page
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/home.html", {"page": home_page(view_from(request))})


@analysis_page
def ports(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/ports.html", {"page": ports_page(view_from(request))})


@analysis_page
def port(request: HttpRequest, protocol: str, number: str) -> HttpResponse:
    key = port_or_404(f"{protocol}/{number}")
    return render(request, "portal/port.html", {"page": port_page(view_from(request, filters={"ports": str(key)}), key)})


@analysis_page
def port_hours(request: HttpRequest, protocol: str, number: str) -> HttpResponse:
    key = port_or_404(f"{protocol}/{number}")
    return card_or_page(request, "port_hours", port_hours_page(view_from(request, filters={"ports": str(key)}), key))


@analysis_page
def regions(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/regions.html", {"page": regions_page(view_from(request))})


@analysis_page
def region(request: HttpRequest, code: str) -> HttpResponse:
    if not is_region(code):
        raise Http404
    return render(request, "portal/region.html", {"page": region_page(view_from(request, filters={"regions": code}), code)})


@analysis_page
def sources(request: HttpRequest) -> HttpResponse:
    view = view_from(request, limit=50, others=OF_SOURCES)
    return render(request, "portal/sources.html", {"page": sources_page(view), "looking_up": looking_up_later(view)})


@analysis_page
def source(request: HttpRequest, address: str) -> HttpResponse:
    return render(request, "portal/source.html", {"page": source_page(view_from(request), address_or_404(address))})


@analysis_page
def autonomous_system(request: HttpRequest, asn: int) -> HttpResponse:
    if not 1 <= asn <= LARGEST_ASN:
        raise Http404
    return render(request, "portal/as.html", {"page": as_page(view_from(request), asn)})


@analysis_page
def sensors(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/sensors.html", {"page": sensors_page(view_from(request))})


@login_required
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Straight to the page that the text names; else a page that says what can be searched for."""
    text = request.GET.get("q", "")[:200]
    path = destination(text, cast(User, request.user))
    return redirect(path) if path else render(request, "portal/search.html", {"search_text": text})


@login_required
@require_GET
def freshness(request: HttpRequest) -> HttpResponse:
    """The fragment of the footer, for pages that do not look at observations themselves."""
    return render(request, "portal/_freshness.html", {"freshness": newest_data(scope_for(request.user))})


@analysis_page
def csv_panels(request: HttpRequest, code: str) -> HttpResponseBase:
    figure = panel_figure(view_from(request, filters={"regions": code}), code) if is_region(code) else None
    if figure is None:
        raise Http404
    return downloads.figure_file(downloads.ascii_name(code, "domestic-overseas"), figure)


@analysis_page
def csv_timeline(request: HttpRequest, address: str) -> HttpResponseBase:
    figure = timeline_figure(view_from(request), address_or_404(address))
    return downloads.figure_file(downloads.ascii_name(address, "by-port"), figure)


csv_sources = login_required(require_GET(downloads.sources_file))
