import io
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone, translation
from knox.models import AuthToken
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from apps.accounts import jobs, services
from apps.accounts.authentication import ApiTokenAuthentication
from apps.accounts.models import AuditEntry, Organisation, User
from tests.cast import client_for


class Whoami(APIView):
    authentication_classes = [ApiTokenAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response(request.user.username)


def ask(token):
    return Whoami.as_view()(APIRequestFactory().get("/", HTTP_AUTHORIZATION=f"Token {token}"))


def test_add_token_prints_a_token_that_works_until_revoked(cast, capsys):
    call_command("add_token", "partner_a", "--name", "feed")
    token = capsys.readouterr().out.strip()
    assert ask(token).data == "partner_a"
    assert AuditEntry.objects.get(action="token.added").detail["name"] == "feed"
    services.revoke_token(token=AuthToken.objects.get(), by=cast.admin)
    assert ask(token).status_code == 401


def test_the_token_itself_is_stored_nowhere(cast, capsys):
    call_command("add_token", "analyst")
    token = capsys.readouterr().out.strip()
    assert token not in str(list(AuthToken.objects.values())) + str(list(AuditEntry.objects.values()))


def test_a_closed_account_gets_no_token_and_its_tokens_stop(cast, capsys):
    call_command("add_token", "analyst")
    token = capsys.readouterr().out.strip()
    cast.analyst.is_active = False
    cast.analyst.save()
    assert ask(token).status_code == 401
    with pytest.raises(CommandError):
        call_command("add_token", "analyst")


def test_add_token_knows_who_there_is(db):
    with pytest.raises(CommandError, match="no user 'nobody'"):
        call_command("add_token", "nobody")


def test_an_installation_begins_with_an_organisation_and_an_administrator(db, monkeypatch):
    call_command("add_organisation", "CSIRT-XX", "--kind", "own_csirt")
    monkeypatch.setattr("sys.stdin", io.StringIO("a rather long passphrase\n"))
    call_command("add_user", "first", "--organisation", "CSIRT-XX", "--role", "admin")
    first = User.objects.get()
    assert first.is_superuser
    assert first.check_password("a rather long passphrase")


@pytest.mark.parametrize("arguments", [["x", "--kind", "partner_csirt", "--regions", "jp"], ["Own CSIRT"]])
def test_add_organisation_refuses_bad_regions_and_names_that_exist(cast, arguments):
    with pytest.raises(CommandError):
        call_command("add_organisation", *arguments)
    assert Organisation.objects.count() == 3


def test_add_user_refuses_weak_passwords(cast, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("password\n"))
    with translation.override("en"), pytest.raises(CommandError, match="too short"):
        call_command("add_user", "weak", "--organisation", "Own CSIRT")


def test_tokens_are_listed_by_their_beginning_and_revoked(cast, capsys):
    first, second = (services.add_token(user=cast.partner_a, name=name) for name in ("feed", "script"))
    call_command("tokens", "partner_a")
    listed = capsys.readouterr().out
    starts = [line.split()[0] for line in listed.splitlines()]
    assert [first.startswith(starts[0]), second.startswith(starts[1])] == [True, True]
    assert first not in listed
    call_command("tokens", "partner_a", "--revoke", starts[0])
    assert (ask(first).status_code, ask(second).status_code) == (401, 200)
    assert AuditEntry.objects.get(action="token.revoked").detail == {"token_key": starts[0]}
    with pytest.raises(CommandError, match="has no token"):
        call_command("tokens", "analyst", "--revoke", starts[1])


def test_a_token_ends_after_a_year_and_is_forgotten(cast):
    token = services.add_token(user=cast.partner_a)
    row = AuthToken.objects.get()
    assert 364 < (row.expiry - timezone.now()).days + 1 <= 365
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert ask(token).status_code == 401
    jobs.forget_expired()
    assert not AuthToken.objects.exists()


@pytest.mark.parametrize("token", ["", "x", "a b", "\xff\xfe", "a\x00b", "é" * 64, "0" * 5000])
def test_what_is_no_token_is_refused_and_not_stumbled_over(db, token):
    assert ask(token).status_code == 401


def test_expired_sessions_are_forgotten(cast):
    client_for(cast.analyst)
    client_for(cast.admin)
    ended = Session.objects.first()
    Session.objects.filter(pk=ended.pk).update(expire_date=timezone.now() - timedelta(seconds=1))
    jobs.forget_expired()
    assert Session.objects.count() == 1
