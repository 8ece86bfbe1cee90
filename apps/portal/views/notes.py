"""Notes and advice on ports: the list, and writing them."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.guards import require
from apps.accounts.models import User
from apps.common.errors import DomainError
from apps.common.ports import PortKey
from apps.observations import params
from apps.portal.noteforms import form_of
from apps.portal.pages.notes import KINDS, may_edit, notes_on, notes_page
from apps.reference import note_editing
from apps.reference.models import AdviceBlock, PortNote


@login_required
@require_GET
def notes(request: HttpRequest) -> HttpResponse:
    """All of them, or those on some ports and groups on a day; htmx asks for the card of these alone."""
    user, query = cast(User, request.user), params.read(request.GET, {"ports", "groups", "day"})
    if not (query.get("ports") or query.get("groups")):
        return render(request, "portal/notes.html", {"page": notes_page(user)})
    ports, groups = params.values_from(query, "ports", PortKey.parse), params.values_from(query, "groups", str)
    found = notes_on(ports, groups, params.day_from(query, "day") or timezone.localdate(), user)
    is_card = bool(request.headers.get("HX-Request"))
    response = render(
        request, "portal/_notes.html" if is_card else "portal/notes.html", {"page": found, "notes": found, "is_folded": is_card}
    )
    response["Vary"] = "HX-Request, Cookie, Accept-Language"
    return response


@require(may_edit)
@require_http_methods(["GET", "POST"])
def add_note(request: HttpRequest, kind: str) -> HttpResponse:
    return _write(request, kind, _model(kind)())


@require(may_edit)
@require_http_methods(["GET", "POST"])
def edit_note(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    return _write(request, kind, _row_or_404(kind, number))


@require(may_edit)
@require_POST
def remove_note(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    note_editing.remove(row=_row_or_404(kind, number), by=cast(User, request.user))
    messages.success(request, _("Removed."))
    return redirect("portal:notes")


def _row_or_404(kind: str, number: int) -> PortNote | AdviceBlock:
    return get_object_or_404(AdviceBlock, pk=number) if _model(kind) is AdviceBlock else get_object_or_404(PortNote, pk=number)


def _model(kind: str) -> type[PortNote] | type[AdviceBlock]:
    if kind not in KINDS:
        raise Http404
    return KINDS[kind]


def _write(request: HttpRequest, kind: str, row: PortNote | AdviceBlock) -> HttpResponse:
    """The form; by POST what was written is kept, or the form comes back with what is wrong."""
    if request.method == "GET":
        form = form_of(kind, row, initial={"subject": request.GET.get("subject", "")[:50]} if row.pk is None else None)
        return render(request, "portal/note_form.html", {"form": form, "kind": kind, "row": row})
    form = form_of(kind, row, request.POST)
    if form.is_valid():
        try:
            note_editing.save(row=form.instance, by=cast(User, request.user))
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Saved."))
            return redirect("portal:notes")
    return render(request, "portal/note_form.html", {"form": form, "kind": kind, "row": row}, status=400)
