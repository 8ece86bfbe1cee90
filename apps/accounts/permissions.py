"""Permissions of API endpoints."""

from django.http import Http404
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.accounts.models import Role, User


class IsOwnStaff(BasePermission):
    """For the running CSIRT's people; others who are signed in get the 404 of a path that does not exist."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.user, User):
            return False
        if not self.may_enter(request.user):
            raise Http404
        return True

    def may_enter(self, user: User) -> bool:
        return user.is_own_staff


def own_staff_with(*roles: Role) -> type[IsOwnStaff]:
    """A permission for own staff with one of the roles."""

    class HasRole(IsOwnStaff):
        def may_enter(self, user: User) -> bool:
            return user.is_own_staff and user.has_role(*roles)

    return HasRole
