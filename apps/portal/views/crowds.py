"""What sources did besides: co-ports, sources of the chosen sensors alone, and cohorts."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from apps.common.exports import csv_response
from apps.portal.cohort_builder import OWN, PREFIXES, next_number, rows_of
from apps.portal.downloads import figure_file
from apps.portal.explorer.typed import tidy_url
from apps.portal.pages.cohorts import cohort_holders, cohort_of, cohorts_page, member_rows, trend, url_with_row
from apps.portal.pages.crowds import SHOWN_SOURCES, co_ports_page, exclusives_page
from apps.portal.state import view_from
from apps.portal.views.guards import analysis_page, card_or_page, staff_page


@analysis_page
def co_ports(request: HttpRequest) -> HttpResponse:
    return card_or_page(request, "co_ports", co_ports_page(view_from(request)))


@analysis_page
def only_these_sensors(request: HttpRequest) -> HttpResponse:
    return card_or_page(request, "only_these_sensors", exclusives_page(view_from(request, limit=SHOWN_SOURCES)))


@analysis_page
def cohorts(request: HttpRequest) -> HttpResponseBase:
    if tidy := tidy_url(request, PREFIXES):
        return redirect(tidy)
    view = view_from(request, others=OWN)
    if "add" in request.GET:
        number = next_number(rows_of(view.query))
        return redirect(url_with_row(view, number) if number is not None else view.url_here(add=""))
    page = cohorts_page(view)
    return render(request, "portal/cohorts.html", {"page": page}, status=400 if page.is_refused else 200)


@staff_page
def holders_of_cohort(request: HttpRequest) -> HttpResponse:
    return card_or_page(request, "holders", cohort_holders(view_from(request, others=OWN)))


@analysis_page
def csv_cohort(request: HttpRequest) -> HttpResponseBase:
    return csv_response("cohort", [_("source IP address")], member_rows(cohort_of(view_from(request, others=OWN))))


@analysis_page
def csv_cohort_days(request: HttpRequest) -> HttpResponseBase:
    view = view_from(request, others=OWN)
    return figure_file("cohort-by-day", trend(cohort_of(view), view))
