"""Annotations on dates: own staff read them, analysts write them."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.guards import get_visible_or_404, own_staff_required, require
from apps.accounts.models import User
from apps.analysis import annotations as service
from apps.analysis.models import Annotation
from apps.common.errors import DomainError
from apps.portal.pages.annotations import annotations_page, read_form


@own_staff_required
@require_http_methods(["GET", "POST"])
def annotations(request: HttpRequest) -> HttpResponse:
    """The list; by POST a further annotation, or the form as it was written and what is wrong with it."""
    return _page(request, None)


@own_staff_required
@require_http_methods(["GET", "POST"])
def annotation(request: HttpRequest, number: int) -> HttpResponse:
    """The same page with one annotation in its form."""
    return _page(request, get_visible_or_404(Annotation.objects.all(), request.user, pk=number))


@require(service.may_annotate)
@require_POST
def remove_annotation(request: HttpRequest, number: int) -> HttpResponse:
    found = get_visible_or_404(Annotation.objects.all(), request.user, pk=number)
    service.remove(annotation=found, by=cast(User, request.user))
    messages.success(request, _("The annotation was removed."))
    return redirect("portal:annotations")


def _page(request: HttpRequest, edited: Annotation | None) -> HttpResponse:
    user = cast(User, request.user)
    if request.method == "GET":
        return render(request, "portal/annotations.html", {"page": annotations_page(user, edited)})
    if not service.may_annotate(user):
        raise Http404
    try:
        _save(request, user, edited)
    except DomainError as error:
        page = annotations_page(user, edited, request.POST.dict(), error.fields or {"day": error.message})
        return render(request, "portal/annotations.html", {"page": page}, status=error.status)
    messages.success(request, _("The annotation was saved."))
    return redirect("portal:annotations")


def _save(request: HttpRequest, user: User, edited: Annotation | None) -> None:
    written = read_form(request.POST.dict())
    if edited:
        service.change(annotation=edited, by=user, written=written)
    else:
        service.add(by=user, written=written)
