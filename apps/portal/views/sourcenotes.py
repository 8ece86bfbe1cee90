"""Writing a note on a source."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.guards import require
from apps.accounts.models import User
from apps.analysis import sourcenotes
from apps.common.errors import DomainError
from apps.portal.views.guards import address_or_404


@require(sourcenotes.may_note)
@require_POST
def add_note(request: HttpRequest, address: str) -> HttpResponse:
    """Back to the source's page, with what is wrong where nothing was saved."""
    found = address_or_404(address)
    try:
        sourcenotes.add(by=cast(User, request.user), address=found, text=request.POST.get("text", ""))
        messages.success(request, _("The note was saved."))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(f"{reverse('portal:source', args=[found])}#notes")
