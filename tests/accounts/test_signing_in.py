import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.accounts import throttle
from apps.accounts.models import AuditEntry
from tests.cast import client_for
from tests.factories import PASSWORD

LOGIN = reverse("accounts:login")
HERE, ELSEWHERE = "127.0.0.1", "203.0.113.5"


@pytest.fixture(autouse=True)
def no_failures_yet():
    forget_all()


def forget_all():
    cache.delete_many([key for name in ("analyst", "coordinator") for key in throttle._keys(name, HERE)])


def sign_in(client, username, password=PASSWORD, address=HERE, **extra):
    return client.post(LOGIN, {"username": username, "password": password, **extra}, REMOTE_ADDR=address)


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
    forget_all()
    assert sign_in(client, "analyst").status_code == 302


def test_a_stranger_closes_a_name_for_the_own_address_only(cast):
    for _ in range(throttle.LIMIT + 5):
        sign_in(Client(), "analyst", "guess", address=ELSEWHERE)
    assert sign_in(Client(), "analyst", address=ELSEWHERE).status_code == 200
    assert sign_in(Client(), "analyst").status_code == 302
    cache.delete_many(throttle._keys("analyst", ELSEWHERE))


def test_many_addresses_together_guess_little_more(cast, monkeypatch):
    monkeypatch.setattr(throttle, "NAME_LIMIT", 12)
    for number in range(12):
        sign_in(Client(), "analyst", "guess", address=f"203.0.113.{number}")
        cache.delete(throttle._keys("analyst", f"203.0.113.{number}")[0])
    assert sign_in(Client(), "analyst").status_code == 200
    assert AuditEntry.objects.filter(action="user.sign_in_closed", target="analyst").count() == 1


@pytest.mark.parametrize(
    ("behind_tls", "headers", "expected"),
    [
        (False, {"REMOTE_ADDR": HERE, "HTTP_X_FORWARDED_FOR": ELSEWHERE}, HERE),
        (True, {"REMOTE_ADDR": HERE, "HTTP_X_FORWARDED_FOR": f"192.0.2.1, {ELSEWHERE}"}, ELSEWHERE),
        (True, {"REMOTE_ADDR": HERE}, HERE),
        (False, {"REMOTE_ADDR": "2001:db8:1:2:3::4"}, "2001:db8:1:2::/64"),
        (True, {"REMOTE_ADDR": HERE, "HTTP_X_FORWARDED_FOR": "unknown"}, ""),
    ],
)
def test_only_what_the_proxy_adds_is_believed(settings, behind_tls, headers, expected):
    settings.BEHIND_TLS = behind_tls
    assert throttle.client_address(RequestFactory().get("/", **headers)) == expected


def test_no_address_of_a_person_can_be_read_from_the_cache(cast):
    sign_in(Client(), "analyst", "guess", address=ELSEWHERE)
    with redis.Redis.from_url(settings.CACHE_URL) as remembered:
        keys = list(remembered.scan_iter("*login-failures*"))
        assert keys and not any(ELSEWHERE.encode() in key for key in keys)
        assert all(0 < remembered.ttl(key) <= throttle.WINDOW_S for key in keys)
    cache.delete_many(throttle._keys("analyst", ELSEWHERE))


def change_password(client, old=PASSWORD, new="quite another long passphrase"):
    return client.post(reverse("accounts:password"), {"old_password": old, "new_password1": new, "new_password2": new})


def test_people_change_their_own_password_which_ends_their_other_sessions(cast):
    here, there = client_for(cast.partner_a), client_for(cast.partner_a)
    assert change_password(here).status_code == 302
    assert here.get(reverse("portal:search")).status_code == 200
    assert there.get(reverse("portal:search")).status_code == 302
    cast.partner_a.refresh_from_db()
    assert cast.partner_a.check_password("quite another long passphrase")
    entry = AuditEntry.objects.get(action="user.password_changed")
    assert (entry.actor, entry.target, entry.detail) == (cast.partner_a, "partner_a", {})


@pytest.mark.parametrize(("old", "new"), [("wrong", "quite another long passphrase"), (PASSWORD, "short"), (PASSWORD, "partner_a@example")])
def test_a_password_is_not_changed_without_the_old_one_or_to_a_weak_one(cast, old, new):
    response = change_password(client_for(cast.partner_a), old, new)
    assert response.status_code == 200
    assert "invalid-feedback" in response.content.decode()
    cast.partner_a.refresh_from_db()
    assert cast.partner_a.check_password(PASSWORD)


def test_a_session_ends_half_a_day_after_signing_in_however_busy(cast):
    client = Client()
    sign_in(client, "analyst")
    until = client.session.get_expiry_date()
    client.get(reverse("portal:search"))
    assert abs((client.session.get_expiry_date() - until).total_seconds()) < 60
    assert client.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 12 * 3600


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
    assert not throttle.is_closed("analyst", HERE)


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
