"""The explorer in a real browser: every kind of chart draws under the strict policy, fits a telephone, and is its address."""

import pytest

from tests.cast import make_cast
from tests.portal.scene import observed
from tests.portal.test_browser import IS_DRAWN, QUERY, set_language

CHARTS = {"line": 1, "stacked": 1, "share": 1, "multiples": 2, "heat": 0, "profile": 1, "table": 0}


@pytest.fixture
def portal(transactional_db, live_server, page, sign_in):
    cast = observed(make_cast())
    sign_in(cast.coordinator)
    page.base = live_server.url
    return page


def test_every_kind_of_chart_draws_in_both_languages_and_fits_a_telephone(portal):
    portal.set_viewport_size({"width": 390, "height": 844})
    for language in ("en", "ja"):
        set_language(portal, language)
        for chart, canvases in CHARTS.items():
            portal.goto(f"{portal.base}/explorer/{QUERY}&split=region&chart={chart}")
            portal.wait_for_load_state("networkidle")
            assert portal.locator("canvas").count() == canvases, chart
            assert all(canvas.evaluate(IS_DRAWN) for canvas in portal.locator("canvas").all()), chart
            assert portal.evaluate("document.documentElement.scrollWidth") <= 390, chart


def test_a_question_put_by_form_is_an_address_that_shows_it_again(portal):
    portal.goto(f"{portal.base}/explorer/{QUERY}")
    portal.fill("input[name=ports]", "23")
    portal.select_option("select[name=split]", "region")
    portal.select_option("select[name=chart]", "multiples")
    portal.check("input[name=mean]")
    portal.select_option("select[name=ratio]", "after_before")
    portal.fill("input[name=day]", "2026-03-12")
    portal.click(".filters-form button")
    portal.wait_for_load_state("networkidle")
    address = portal.url
    assert all(part in address for part in ("ports=tcp/23", "split=region", "chart=multiples", "mean=10", "ratio=after_before"))
    portal.goto(address)
    assert portal.input_value("input[name=ports]") == "tcp/23"
    assert portal.input_value("select[name=chart]") == "multiples"
    assert portal.is_checked("input[name=mean]")
    assert "÷" in portal.inner_text(".figure-notes")


def test_suggestions_go_on_behind_a_comma(portal):
    portal.goto(f"{portal.base}/explorer/{QUERY}")
    portal.locator("input[name=regions]").press_sequentially("JP, ")
    assert portal.locator("#region-suggestions option").first.get_attribute("value").startswith("JP, ")


def test_small_charts_download_as_one_picture(portal):
    portal.goto(f"{portal.base}/explorer/{QUERY}&split=region&chart=multiples")
    with portal.expect_download() as download:
        portal.locator("#figure [data-png]").click()
    content = download.value.path().read_bytes()
    assert content.startswith(b"\x89PNG") and len(content) > 5000


def test_a_ready_made_view_is_two_clicks_away(portal):
    portal.goto(f"{portal.base}/explorer/{QUERY}")
    portal.click(".quick-views summary")
    portal.click("text=Hours of the day by port kind")
    portal.wait_for_url("**chart=profile**")
    assert "from=2026-03-02" in portal.url
