"""How people sign in with a password."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from apps.accounts import throttle
from apps.accounts.models import User


class PasswordBackend(ModelBackend):
    """Django's, but closed to a user name after too many failures, and loading the organisation with the user:
    every page asks whether the user is own staff."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if not username or password is None or throttle.is_closed(username):
            return None
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is None:
            throttle.note_failure(username)
        else:
            throttle.forget(username)
        return user if isinstance(user, User) else None

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("organisation").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
