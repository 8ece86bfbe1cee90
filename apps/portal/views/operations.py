"""What the operator keeps: lists of survey scanners, and exclusions."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.guards import get_visible_or_404, require
from apps.accounts.models import User
from apps.common.errors import DomainError, ParameterError
from apps.common.ports import PortKey
from apps.observations import params, queries
from apps.observations.counting.exclusions import exclude, lift
from apps.observations.counting.rerolls import remove_scanners_and_reroll
from apps.portal import scanneruploads
from apps.portal.pages import exclusions as exclusion_pages
from apps.portal.pages import scanners as scanner_pages
from apps.portal.search import port_named
from apps.portal.state import view_from
from apps.portal.views.guards import analysis_page
from apps.reference.models import ScannerList
from apps.sensors.models import Exclusion, Sensor


@login_required
@require_http_methods(["GET", "POST"])
def scanners(request: HttpRequest) -> HttpResponse:
    """The lists; by POST a further one, or the form as it was written and what is wrong with it."""
    user = cast(User, request.user)
    if request.method == "GET":
        return render(request, "portal/scanners.html", {"page": scanner_pages.scanners_page(user)})
    if not scanner_pages.may_edit(user):
        raise Http404
    written = {name: request.POST.get(name, "").strip()[:200] for name in scanneruploads.FIELDS}
    try:
        days = scanneruploads.load(written, request.FILES.get("file"), user)
    except DomainError as error:
        page = scanner_pages.scanners_page(user, written, error.message)
        return render(request, "portal/scanners.html", {"page": page}, status=error.status)
    messages.success(request, _("The list was loaded.") + " " + _recounted(days))
    return redirect("portal:scanners")


@require(scanner_pages.may_edit)
@require_POST
def remove_scanners(request: HttpRequest, number: int) -> HttpResponse:
    days = remove_scanners_and_reroll(stored=get_object_or_404(ScannerList, pk=number), by=cast(User, request.user))
    messages.success(request, _("The list was removed.") + " " + _recounted(days))
    return redirect("portal:scanners")


@login_required
@require_http_methods(["GET", "POST"])
def exclusions(request: HttpRequest) -> HttpResponse:
    """The list; by POST a further exclusion, or the form as it was written and what is wrong with it."""
    user = cast(User, request.user)
    if request.method == "GET":
        return render(request, "portal/exclusions.html", {"page": exclusion_pages.exclusions_page(user)})
    if not exclusion_pages.may_edit(user):
        raise Http404
    written = {name: request.POST.get(name, "").strip()[:3000] for name in ("sensor", "port", "first_day", "last_day", "reason")}
    try:
        _add(written, user)
    except DomainError as error:
        page = exclusion_pages.exclusions_page(user, written, " ".join(error.fields.values()) or error.message)
        return render(request, "portal/exclusions.html", {"page": page}, status=error.status)
    messages.success(request, _("The exclusion was added; its days are being counted anew."))
    return redirect("portal:exclusions")


def _add(written: dict[str, str], user: User) -> Exclusion:
    number = written["sensor"] if written["sensor"].isascii() and written["sensor"].isdigit() and len(written["sensor"]) < 10 else "0"
    sensor = Sensor.objects.visible_to(user).observing().filter(pk=number).first()
    if sensor is None:
        raise ParameterError("sensor", _("choose a sensor"))
    try:
        port = port_named(written["port"]) or PortKey.parse(written["port"])  # which says what is wrong
    except ValueError as error:
        raise ParameterError("port", str(error)) from error
    first, last = (params.day_from(written, name) for name in ("first_day", "last_day"))
    if first is None:
        raise ParameterError("first_day", _("is needed"))
    return exclude(by=user, sensor=sensor, port=port, first_day=first, last_day=last, reason=written["reason"])


@require(exclusion_pages.may_edit)
@require_POST
def lift_exclusion(request: HttpRequest, number: int) -> HttpResponse:
    user = cast(User, request.user)
    lift(by=user, exclusion=get_visible_or_404(Exclusion.objects.all(), user, pk=number))
    messages.success(request, _("The exclusion was lifted; its days are being counted anew."))
    return redirect("portal:exclusions")


@analysis_page
def exclusion(request: HttpRequest, number: int) -> HttpResponse:
    row = next(iter(queries.exclusions(cast(User, request.user), pk=number)), None)
    if row is None:
        raise Http404
    view = view_from(request, filters={"ports": str(row.port), "sensors": str(row.sensor_id)})
    return render(request, "portal/exclusion.html", {"page": exclusion_pages.exclusion_page(view, row)})


def _recounted(days: int) -> str:
    return ngettext("%(days)d sensor-day is being counted anew.", "%(days)d sensor-days are being counted anew.", days) % {"days": days}
