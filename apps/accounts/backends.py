"""How people sign in with a password."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from apps.accounts import audit, throttle
from apps.accounts.models import User


class PasswordBackend(ModelBackend):
    """Django's, but closed after too many failures, and loading the organisation with the user:
    every page asks whether the user is own staff."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        address = throttle.client_address(request)
        if not username or password is None or throttle.is_closed(username, address):
            return None
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is None:
            _note_failure(username, address)
        else:
            throttle.forget(username, address)
        return user if isinstance(user, User) else None

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("organisation").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


def _note_failure(username: str, address: str) -> None:
    """Count it, and keep it in the audit log where the name is somebody's: what else is typed there may be a password. Once the
    name is closed nothing more is counted, so nobody can flood the log."""
    has_closed = throttle.note_failure(username, address)
    user = User.objects.filter(username=username.replace("\x00", "")).first()
    if user is not None:
        audit.record(by=None, action="user.sign_in_failed", target=user)
        if has_closed:
            audit.record(by=None, action="user.sign_in_closed", target=user, seconds=throttle.WINDOW_S)
