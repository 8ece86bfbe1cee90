"""Guards of pages. Who is not signed in goes to the login page; what a user may not see is a 404, not a 403."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from apps.accounts.models import Role, User

View = Callable[..., HttpResponse]
AnyModel = TypeVar("AnyModel", bound=Model)


def require(may_enter: Callable[[User], bool]) -> Callable[[View], View]:
    """Only for signed-in users for whom `may_enter` holds."""

    def guard(view: View) -> View:
        @wraps(view)
        @login_required
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not isinstance(request.user, User) or not may_enter(request.user):
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return guard


def require_role(*roles: Role) -> Callable[[View], View]:
    """Only for own staff with one of the roles."""
    return require(lambda user: user.is_own_staff and user.has_role(*roles))


own_staff_required = require(lambda user: user.is_own_staff)


def get_visible_or_404(queryset: "QuerySet[AnyModel]", user: object, **lookup: Any) -> AnyModel:
    """The one row of `queryset.visible_to(user)` with this lookup; it not existing and not being theirs look the same."""
    return get_object_or_404(queryset.visible_to(user), **lookup)  # type: ignore[attr-defined]  # ours have visible_to
