"""Pages about where sources are registered: the map, and how much of a change is label moves."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from apps.common.exports import csv_response
from apps.observations import params
from apps.portal.downloads import ascii_name
from apps.portal.maps import Shading
from apps.portal.pages.labelmoves import OWN, answer, card, label_moves_page
from apps.portal.pages.map import map_page
from apps.portal.pages.portmix import port_mix_page
from apps.portal.splits import term_rows
from apps.portal.state import view_from
from apps.portal.views.guards import analysis_page, card_or_page
from apps.reference.names import is_region


@analysis_page
def world_map(request: HttpRequest) -> HttpResponse:
    shading = params.choice_from(request.GET, "shading", tuple(Shading), Shading.VALUE)
    return render(request, "portal/map.html", {"page": map_page(view_from(request, others=frozenset({"shading"})), shading)})


@analysis_page
def port_mix(request: HttpRequest, code: str) -> HttpResponse:
    if not is_region(code):
        raise Http404
    return card_or_page(request, "port_mix", port_mix_page(view_from(request, filters={"regions": code}), code))


@analysis_page
def label_moves(request: HttpRequest) -> HttpResponse:
    page = label_moves_page(view_from(request, others=OWN))
    return render(request, "portal/label_moves.html", {"page": page}, status=400 if page.problem else 200)


@analysis_page
def label_moves_card(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/_label_moves_card.html", card(view_from(request, others=OWN)))


@analysis_page
def csv_label_moves(request: HttpRequest) -> HttpResponseBase:
    found = answer(view_from(request, others=OWN))
    header, rows = term_rows(found)
    return csv_response(ascii_name(found.region, "label-moves"), header, rows)
