"""Writes to accounts; each leaves an audit entry."""

from collections.abc import Sequence

from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.models import AuthToken

from apps.accounts import audit
from apps.accounts.models import Organisation, Role, User


@transaction.atomic
def add_organisation(
    *, name: str, kind: str, regions: Sequence[str] = (), sees_network_counts: bool = False, by: User | None = None
) -> Organisation:
    organisation = Organisation(name=name, kind=kind, regions=list(regions), sees_network_counts=sees_network_counts)
    organisation.full_clean()
    organisation.save()
    audit.record(by=by, action="organisation.added", target=organisation, kind=kind)
    return organisation


@transaction.atomic
def add_user(
    *,
    username: str,
    password: str,
    organisation: Organisation,
    roles: Sequence[Role],
    email: str = "",
    language: str = "ja",
    by: User | None = None,
) -> User:
    """A user who can sign in at once; ValidationError names a bad field or a weak password."""
    user = User(username=username, email=email, organisation=organisation, roles=list(roles), language=language)
    validate_password(password, user)
    user.set_password(password)
    align_admin_rights(user)
    user.full_clean()
    user.save()
    audit.record(by=by, action="user.added", target=user, roles=list(roles), organisation=organisation.name)
    return user


def align_admin_rights(user: User) -> None:
    """Django's administration is for own staff with the role admin and nobody else; the role decides (not saved)."""
    user.is_staff = user.is_superuser = user.is_own_staff and user.has_role(Role.ADMIN)


@transaction.atomic
def add_token(*, user: User, name: str = "", by: User | None = None) -> str:
    """A new API token of the user in plain text, which is stored nowhere and cannot be shown again; good for API_TOKEN_DAYS."""
    if not user.is_active:
        raise ValidationError(_("This account is closed."))
    row, token = AuthToken.objects.create(user)
    audit.record(by=by, action="token.added", target=user, name=name, token_key=row.token_key)
    return str(token)


@transaction.atomic
def revoke_token(*, token: AuthToken, by: User | None = None) -> None:
    audit.record(by=by, action="token.revoked", target=token.user, token_key=token.token_key)
    token.delete()


def forget_expired() -> None:
    """Delete the sessions and tokens that have expired; they opened nothing any more."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    AuthToken.objects.filter(expiry__lt=timezone.now()).delete()


@transaction.atomic
def set_language(*, user: User, language: str) -> None:
    """Remember the language the user reads; a preference, so no audit entry."""
    user.language = language
    user.save(update_fields=["language"])
