"""What people decide about holders and networks: a page with a form each, and buttons that take something back."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.guards import get_visible_or_404, own_staff_required, require
from apps.accounts.models import User
from apps.common.errors import DomainError, ParameterError
from apps.enrichment import holder_services as services
from apps.enrichment.holders import family, kinds
from apps.enrichment.models import Correction, Holder, HolderMerge, ManualContact, Network
from apps.portal.holderforms import ContactForm, CorrectionForm, DescribeForm, KindForm, MergeForm
from apps.portal.pages.holdermerges import merges_of_holder, merges_page
from apps.portal.pages.networks import holder_networks, network_page
from apps.portal.views.guards import card_or_page


def _editing(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    return require(services.may_edit)(require_http_methods(["GET", "POST"])(view))


def _taking_back(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    return require(services.may_edit)(require_POST(view))


@_editing
def describe(request: HttpRequest, pk: int) -> HttpResponse:
    holder = _holder(request, pk)
    form = DescribeForm(_sent(request), initial={"name": holder.name if holder.is_name_chosen else "", "note": holder.note})
    save = partial(services.describe, holder=holder, by=_user(request))
    return _form(request, form, save, _("Name and note"), holder)


@_editing
def choose_kind(request: HttpRequest, pk: int) -> HttpResponse:
    holder = _holder(request, pk)
    chosen = {"kind": holder.kind if holder.is_kind_chosen else "", "reason": kinds.reason_text(holder) if holder.is_kind_chosen else ""}

    def save(kind: str, reason: str) -> None:
        if kind:
            services.choose_kind(holder=holder, kind=kind, reason=reason, by=_user(request))
        else:
            services.release_kind(holder=holder, by=_user(request))

    return _form(request, KindForm(_sent(request), initial=chosen), save, _("Kind"), holder)


@_editing
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """The holders of the form become this one."""
    holder = _holder(request, pk)
    form = MergeForm(_sent(request), initial={"others": request.GET.get("others", "")[:500]})

    def save(others: list[int], reason: str) -> None:
        known = {one.pk: one for one in Holder.objects.visible_to(_user(request)).filter(pk__in=others)}
        if missing := [number for number in others if number not in known]:
            raise ParameterError("others", _("There is no holder %(number)d.") % {"number": missing[0]})
        services.merge(kept=holder, absorbed=[known[number] for number in others], reason=reason, by=_user(request))

    return _form(request, form, save, _("Merge holders"), holder, fields={"absorbed": "others"})


@_editing
def add_holder_contact(request: HttpRequest, pk: int) -> HttpResponse:
    holder = _holder(request, pk)
    save = partial(services.add_contact, holder=holder, by=_user(request))
    return _form(request, ContactForm(_sent(request)), save, _("Add a contact"), holder)


@require_GET
@own_staff_required
def holder_merges(request: HttpRequest, pk: int) -> HttpResponse:
    return card_or_page(request, "holder_merges", merges_of_holder(_holder(request, pk), _user(request)))


@require_GET
@own_staff_required
def networks(request: HttpRequest, pk: int) -> HttpResponse:
    return card_or_page(request, "holder_networks", holder_networks(_holder(request, pk), _user(request)))


@own_staff_required
@require_http_methods(["GET", "POST"])
def merges(request: HttpRequest) -> HttpResponse:
    """Groups of holders that may be one; by POST the chosen groups are merged, each into its first."""
    if request.method == "GET":
        return render(request, "portal/merges.html", {"page": merges_page(_user(request))})
    return _merge_groups(request)


@require(services.may_edit)
def _merge_groups(request: HttpRequest) -> HttpResponse:
    reason, groups = request.POST.get("reason", ""), request.POST.getlist("groups")[:100]
    try:
        count = services.merge_groups(groups=groups, reason=reason, by=_user(request))
    except DomainError as error:
        page = merges_page(_user(request), reason[:500], error.message)
        return render(request, "portal/merges.html", {"page": page}, status=error.status)
    messages.success(request, _("Holders merged: %(count)d.") % {"count": count})
    return redirect("portal:merges")


@_taking_back
def undo_merge(request: HttpRequest, number: int) -> HttpResponse:
    found = get_object_or_404(HolderMerge.objects.select_related("absorbed__merged_into", "kept"), pk=number)
    return _taken_back(request, partial(services.undo_merge, merge=found, by=_user(request)), _to_holder(found.absorbed_id))


@require_GET
@own_staff_required
def network(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "portal/network.html", {"page": network_page(_network(pk), _user(request))})


@_editing
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    found = _network(pk)
    form = CorrectionForm(_sent(request), initial={"field": request.GET.get("field", "")[:10]})
    save = partial(services.correct, network=found, by=_user(request))
    return _form(request, form, save, _("Correct what the registry says"), found)


@_editing
def add_network_contact(request: HttpRequest, pk: int) -> HttpResponse:
    found = _network(pk)
    save = partial(services.add_contact, network=found, by=_user(request))
    return _form(request, ContactForm(_sent(request)), save, _("Add a contact"), found)


@_taking_back
def withdraw_correction(request: HttpRequest, number: int) -> HttpResponse:
    found = get_object_or_404(Correction, pk=number)
    withdraw = partial(services.withdraw_correction, correction=found, by=_user(request))
    return _taken_back(request, withdraw, _to_network(found.network_id))


@_taking_back
def withdraw_contact(request: HttpRequest, number: int) -> HttpResponse:
    found = get_object_or_404(ManualContact.objects.select_related("holder", "network"), pk=number)
    back = _to_holder(found.holder_id) if found.holder_id else _to_network(cast(int, found.network_id))
    return _taken_back(request, partial(services.withdraw_contact, contact=found, by=_user(request)), back)


def _form(
    request: HttpRequest,
    form: forms.Form,
    save: Callable[..., object],
    title: str,
    subject: Holder | Network,
    fields: dict[str, str] | None = None,
) -> HttpResponse:
    """The form; by POST what was written is kept, or the form comes back with what is wrong. `fields` are the form's names for
    those of the service."""
    back = _to_holder(subject.pk) if isinstance(subject, Holder) else _to_network(subject.pk)
    if request.method == "POST" and form.is_valid():
        try:
            save(**form.cleaned_data)
        except DomainError as error:
            for name, problem in (error.fields or {"": error.message}).items():
                name = (fields or {}).get(name, name)
                form.add_error(name if name in form.fields else None, problem)
        else:
            messages.success(request, _("Saved."))
            return redirect(back)
    context = {"form": form, "title": title, "subject": subject, "back": back}
    return render(request, "portal/holder_form.html", context, status=400 if request.method == "POST" else 200)


def _taken_back(request: HttpRequest, act: Callable[[], object], back: str) -> HttpResponse:
    try:
        act()
        messages.success(request, _("Taken back."))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(back)


def _sent(request: HttpRequest) -> Mapping[str, str] | None:
    return request.POST if request.method == "POST" else None


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _holder(request: HttpRequest, pk: int) -> Holder:
    found: Holder = get_visible_or_404(Holder.objects.select_related("merged_into"), request.user, pk=pk)
    return family.root_of(found)


def _network(pk: int) -> Network:
    return get_object_or_404(Network.objects.select_related("administered_by__merged_into").defer("raw"), pk=pk)


def _to_holder(pk: int) -> str:
    return reverse("portal:holder", args=[pk])


def _to_network(pk: int) -> str:
    return reverse("portal:network", args=[pk])
