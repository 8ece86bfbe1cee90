"""Signing in and administration in a real browser: no page of them breaks the content security policy."""

from django.urls import reverse

from tests.cast import make_cast
from tests.factories import PASSWORD


def test_one_signs_in_switches_the_language_and_signs_out(db, live_server, page):
    make_cast()
    page.goto(live_server.url + reverse("accounts:login"))
    page.fill("#id_username", "analyst")
    page.fill("#id_password", PASSWORD)
    page.click("form.card button")
    page.wait_for_url(live_server.url + reverse("portal:home"))
    page.locator(".language-switch button").click()
    page.wait_for_selector('html[lang="ja"]')
    page.locator(".user-name").click()
    page.locator(f"form[action='{reverse('accounts:logout')}'] button").click()
    page.wait_for_url(live_server.url + reverse("accounts:login"))


def test_administration_keeps_to_the_policy(db, live_server, page, sign_in):
    cast = make_cast()
    sign_in(cast.admin)
    user = reverse("admin:accounts_user_change", args=[cast.analyst.pk])
    for url in (reverse("admin:index"), reverse("admin:accounts_user_changelist"), user, reverse("admin:sensors_sensorkey_changelist")):
        page.goto(live_server.url + url)
