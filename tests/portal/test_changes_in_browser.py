"""Notable changes in a real browser: a decision changes the list without a reload; `page` fails on any violation of the policy."""

from apps.analysis.models import Change
from tests.analysis.changes import scene
from tests.cast import make_cast

LIST = "/changes/?from=2026-03-02&to=2026-03-16"


def test_a_change_is_dismissed_in_place_and_stays_so(transactional_db, live_server, page, sign_in):
    sign_in(make_cast().analyst)
    scene.searched()
    change = scene.spike()
    page.goto(live_server.url + LIST)
    article = page.locator(f"#change-{change.pk}")
    article.locator("input[name=reason]").fill("our own scan")
    article.get_by_role("button", name="Dismiss").click()
    page.locator(f"#change-{change.pk}.is-dismissed").wait_for()
    assert "our own scan" in article.inner_text()
    assert Change.objects.get().state == "dismissed"
    page.reload()
    assert page.locator("article.finding").count() == 0


def test_why_nothing_was_done_is_said_in_place(transactional_db, live_server, page, sign_in):
    sign_in(make_cast().analyst)
    change = scene.spike()
    page.goto(live_server.url + LIST)
    page.locator(f"#change-{change.pk}").get_by_role("button", name="Dismiss").click()
    page.get_by_text("Give a reason for dismissing the change.").wait_for()


def test_the_list_fits_a_narrow_screen(transactional_db, live_server, page, sign_in):
    sign_in(make_cast().analyst)
    scene.spike()
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(live_server.url + LIST)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
