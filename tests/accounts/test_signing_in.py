import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import throttle
from apps.accounts.models import AuditEntry
from tests.cast import client_for
from tests.factories import PASSWORD

LOGIN = reverse("accounts:login")


@pytest.fixture(autouse=True)
def no_failures_yet():
    for username in ("analyst", "coordinator"):
        throttle.forget(username)


def sign_in(client, username, password=PASSWORD, **extra):
    return client.post(LOGIN, {"username": username, "password": password, **extra})


def test_signing_in_opens_home_and_is_in_the_audit_log(cast):
    response = sign_in(Client(), "analyst")
    assert response.status_code == 302
    assert response.url == reverse("portal:home")
    assert AuditEntry.objects.get().action == "user.signed_in"


def test_a_wrong_password_is_in_the_audit_log_without_the_password(cast):
    response = sign_in(Client(), "analyst", "not the password")
    assert response.status_code == 200
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target) == ("user.sign_in_failed", "analyst")
    assert "not the password" not in str(AuditEntry.objects.values())


def test_after_ten_failures_the_right_password_does_not_help_until_the_window_ends(cast):
    client = Client()
    for _ in range(throttle.LIMIT):
        sign_in(client, "analyst", "guess")
    assert sign_in(client, "Analyst".lower()).status_code == 200
    assert sign_in(client, "coordinator").status_code == 302
    throttle.forget("analyst")
    assert sign_in(client, "analyst").status_code == 302


def test_a_flood_of_failures_leaves_a_bounded_number_of_audit_entries(cast):
    for _ in range(throttle.LIMIT + 20):
        sign_in(Client(), "analyst", "guess")
    actions = AuditEntry.objects.filter(target="analyst").values_list("action", flat=True)
    assert sorted(actions) == ["user.sign_in_closed"] + ["user.sign_in_failed"] * throttle.LIMIT


def test_a_password_typed_as_user_name_is_not_kept(cast):
    sign_in(Client(), PASSWORD, "")
    sign_in(Client(), PASSWORD, "analyst")
    assert not AuditEntry.objects.exists()


def test_success_forgets_earlier_failures(cast):
    client = Client()
    for _ in range(throttle.LIMIT - 1):
        sign_in(client, "analyst", "guess")
    assert sign_in(client, "analyst").status_code == 302
    sign_in(client, "analyst", "guess")
    assert not throttle.is_closed("analyst")


@pytest.mark.parametrize("username", ["", "nobody", "a\x00b", "x" * 500])
def test_names_that_nobody_has_fail_like_any_other(db, username):
    assert sign_in(Client(), username).status_code == 200


def test_a_closed_account_cannot_sign_in(cast):
    cast.analyst.is_active = False
    cast.analyst.save()
    assert sign_in(Client(), "analyst").status_code == 200


def test_the_next_page_must_be_ours(cast):
    assert sign_in(Client(), "analyst", next="https://example.invalid/").url == reverse("portal:home")


def test_signing_out_needs_a_post_and_ends_the_session(cast):
    client = client_for(cast.analyst)
    assert client.get(reverse("accounts:logout")).status_code == 405
    assert client.post(reverse("accounts:logout")).status_code == 302
    assert "_auth_user_id" not in client.session


def test_signing_in_brings_the_users_own_language(cast):
    cast.analyst.language = "ja"
    cast.analyst.save()
    client = Client(headers={"accept-language": "en"})
    sign_in(client, "analyst")
    assert client.cookies["django_language"].value == "ja"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_language_switch_is_remembered_by_account_and_browser(cast, language):
    client = client_for(cast.partner_a)
    response = client.post(reverse("accounts:language"), {"language": language, "next": "/sources/"})
    assert response["Location"] == "/sources/"
    assert client.cookies["django_language"].value == language
    cast.partner_a.refresh_from_db()
    assert cast.partner_a.language == language


def test_a_stranger_may_switch_the_language_of_the_login_page(db):
    client = Client()
    client.post(reverse("accounts:language"), {"language": "ja", "next": LOGIN})
    assert 'lang="ja"' in client.get(LOGIN).content.decode()


@pytest.mark.parametrize("language", ["", "xx", "de", "../../etc", "ja\x00"])
def test_an_unknown_language_changes_nothing(cast, language):
    client = client_for(cast.analyst)
    assert client.post(reverse("accounts:language"), {"language": language}).status_code == 400
    assert "django_language" not in client.cookies
    cast.analyst.refresh_from_db()
    assert cast.analyst.language == "en"


def test_the_switch_never_leads_off_the_portal(cast):
    response = client_for(cast.analyst).post(reverse("accounts:language"), {"language": "ja", "next": "https://example.invalid/"})
    assert response["Location"] == "/"


def test_the_switch_is_no_get(cast):
    assert client_for(cast.analyst).get(reverse("accounts:language")).status_code == 405


def test_a_signed_in_request_loads_user_and_organisation_in_one_query(cast, django_assert_num_queries):
    from apps.accounts.backends import PasswordBackend

    with django_assert_num_queries(1):
        user = PasswordBackend().get_user(cast.analyst.pk)
        assert user is not None
        assert user.is_own_staff
