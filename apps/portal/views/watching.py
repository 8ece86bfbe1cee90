"""Are we seeing? The coverage calendar and the page of one sensor."""

from dataclasses import replace
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.models import User
from apps.portal.pages.coverage import coverage_page
from apps.portal.pages.sensor import sensor_page
from apps.portal.state import view_from
from apps.portal.views.guards import analysis_page
from apps.sensors.queries import sensor_list


@analysis_page
def coverage(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/coverage.html", {"page": coverage_page(view_from(request))})


@analysis_page
def sensor(request: HttpRequest, number: int) -> HttpResponse:
    rows = sensor_list(cast(User, request.user))
    row = next((row for row in rows if row.id == number), None)
    if row is None:
        raise Http404
    view = view_from(request, filters={"sensors": str(number)})
    query = request.GET.copy()
    query["sensors"] = str(number)  # so that links from here keep to the sensor
    return render(request, "portal/sensor.html", {"page": sensor_page(replace(view, query=query), row, len(rows) > 1)})
