import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation
from knox.models import AuthToken
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from apps.accounts import services
from apps.accounts.models import AuditEntry, Organisation, User


class Whoami(APIView):
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
