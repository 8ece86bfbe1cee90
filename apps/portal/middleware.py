"""Errors of the domain as a page that says, in words, what can be done about them, and views that have to be computed first as
one that waits for them."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.common.errors import DomainError
from apps.observations.planning.longreads import offered
from apps.observations.planning.needed import NeedsComputationError
from apps.portal.views.computing import being_computed


class DomainErrorPages:
    """The API has its own answers (`apps.common.api`); everything else that lets a DomainError through ends here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with offered():
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        if isinstance(error, NeedsComputationError):
            try:
                return being_computed(request, error)
            except DomainError as refusal:
                error = refusal
        return render(request, "400.html", {"error": error}, status=error.status)
