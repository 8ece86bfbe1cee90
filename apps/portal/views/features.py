"""Hosts behind a view as scanning services saw them, and named feature sets. For own staff; others get a 404."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.guards import get_visible_or_404, own_staff_required, require
from apps.accounts.models import User
from apps.common.errors import DomainError
from apps.common.exports import csv_response
from apps.enrichment import featureediting
from apps.enrichment.models import FeatureSet
from apps.portal.featureforms import FeatureSetForm, form_of
from apps.portal.pages.commonfeatures import OWN, common_feature_rows, common_features_page
from apps.portal.pages.featuresets import may_edit, set_page, sets_page
from apps.portal.pages.sameport import SHOWN, same_port_page, same_port_rows
from apps.portal.state import view_from
from apps.portal.views.guards import card_or_page, staff_page


@staff_page
def same_port(request: HttpRequest) -> HttpResponse:
    return card_or_page(request, "same_port", same_port_page(view_from(request, limit=SHOWN)))


@staff_page
def csv_same_port(request: HttpRequest) -> HttpResponseBase:
    rows = list(same_port_rows(view_from(request)))  # what cannot be answered must fail before the answer begins
    header = [_("Holder"), _("sources"), _("looked up"), _("listening"), _("not seen listening"), _("no data"), _("Share")]
    return csv_response("same-port", header, rows)


@staff_page
def common_features(request: HttpRequest) -> HttpResponse:
    return card_or_page(request, "common_features", common_features_page(view_from(request, others=OWN)))


@staff_page
def csv_common_features(request: HttpRequest) -> HttpResponseBase:
    rows = list(common_feature_rows(view_from(request, others=OWN)))
    header = [_("Feature"), _("sources"), _("with a scan"), _("Share"), _("others with it"), _("others with a scan"), _("times the others")]
    return csv_response("common-features", header, rows)


@require_GET
@own_staff_required
def feature_sets(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/feature_sets.html", {"page": sets_page(cast(User, request.user))})


@require_GET
@own_staff_required
def feature_set(request: HttpRequest, number: int) -> HttpResponse:
    return render(request, "portal/feature_set.html", {"page": set_page(_row_or_404(request, number), cast(User, request.user))})


@require_http_methods(["GET", "POST"])
@require(may_edit)
def add_feature_set(request: HttpRequest) -> HttpResponse:
    return _write(request, FeatureSet())


@require_http_methods(["GET", "POST"])
@require(may_edit)
def edit_feature_set(request: HttpRequest, number: int) -> HttpResponse:
    return _write(request, _row_or_404(request, number))


@require_POST
@require(may_edit)
def remove_feature_set(request: HttpRequest, number: int) -> HttpResponse:
    featureediting.remove(row=_row_or_404(request, number), by=cast(User, request.user))
    messages.success(request, _("Removed."))
    return redirect("portal:feature-sets")


def _row_or_404(request: HttpRequest, number: int) -> FeatureSet:
    return get_visible_or_404(FeatureSet.objects.all(), request.user, pk=number)


def _write(request: HttpRequest, row: FeatureSet) -> HttpResponse:
    """The form; by POST what was written is kept, or the form comes back with what is wrong."""
    if request.method == "GET":
        wanted = {"wants_all": request.GET.get("wants_all", "")[:4000].splitlines()} if row.pk is None else None
        return _shown(request, form_of(row, initial=wanted), 200)
    form = form_of(row, request.POST)
    if form.is_valid():
        try:
            saved = featureediting.save(row=form.instance, by=cast(User, request.user))
        except DomainError as error:
            for name, problem in error.fields.items():
                form.add_error(name if name in form.fields else None, problem)
        else:
            messages.success(request, _("Saved."))
            return redirect("portal:feature-set", number=saved.pk)
    return _shown(request, form, 400)


def _shown(request: HttpRequest, form: FeatureSetForm, status: int) -> HttpResponse:
    return render(request, "portal/feature_set_form.html", {"form": form, "row": form.instance}, status=status)
