"""Pages in a real browser: no console error, no violation of the content security policy, charts that draw.

`page` itself fails a test on any such problem (tests/conftest.py).
"""

import itertools

import pytest

from tests.cast import make_cast
from tests.portal.scene import JAPANESE, PERIOD, observed

QUERY = "?from=2026-03-02&to=2026-03-16"
PAGES = (
    "/", "/ports/", "/ports/tcp/23/", "/regions/", "/regions/JP/", "/sources/", f"/sources/{JAPANESE}/", "/sensors/", "/tickets/",
    "/map/", "/label-moves/", "/cohorts/", "/co-ports/", "/holders/",
)  # fmt: skip
FIGURES = {"/": 1, "/ports/": 1, "/ports/tcp/23/": 1, "/regions/": 1, "/regions/JP/": 3, f"/sources/{JAPANESE}/": 1}
IS_DRAWN = """canvas => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.some(channel => channel !== 0);
}"""


@pytest.fixture
def portal(transactional_db, live_server, page, sign_in):
    """The page signed in as a coordinator, with observations behind it."""
    cast = observed(make_cast())
    sign_in(cast.coordinator)
    page.base = live_server.url
    return page


def set_language(page, language):
    page.context.add_cookies([{"name": "django_language", "value": language, "url": page.base}])


def test_every_page_in_both_languages_and_themes(portal):
    for language, theme in itertools.product(("en", "ja"), ("light", "dark")):
        set_language(portal, language)
        portal.emulate_media(color_scheme=theme)
        for path in PAGES:
            portal.goto(portal.base + path + ("" if path == "/tickets/" else QUERY))
            root = portal.locator("html")
            assert (root.get_attribute("lang"), root.get_attribute("data-bs-theme")) == (language, theme)
            portal.wait_for_load_state("networkidle")
            canvases = portal.locator("[data-figure] canvas")
            assert canvases.count() == FIGURES.get(path, 0), path
            assert all(canvas.evaluate(IS_DRAWN) for canvas in canvases.all()), path


def test_a_figure_that_the_page_loads_later_is_drawn(portal):
    portal.goto(f"{portal.base}/ports/tcp/23/{QUERY}")
    portal.locator("#hours").scroll_into_view_if_needed()
    canvas = portal.locator("figure#hours canvas")
    canvas.wait_for(state="visible")
    portal.wait_for_load_state("networkidle")
    assert canvas.evaluate(IS_DRAWN)
    assert portal.locator("figure#hours [data-png]").is_visible()


def test_no_page_is_wider_than_a_small_telephone(portal):
    portal.set_viewport_size({"width": 360, "height": 740})
    for path in PAGES:
        portal.goto(portal.base + path + ("" if path == "/tickets/" else QUERY))
        assert portal.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_a_figure_downloads_as_a_picture(portal):
    portal.goto(f"{portal.base}/ports/tcp/23/{QUERY}")
    with portal.expect_download() as download:
        portal.locator("#trend [data-png]").click()
    assert download.value.suggested_filename == "Trend-of-23-TCP-telnet.png"
    content = download.value.path().read_bytes()
    assert content.startswith(b"\x89PNG") and len(content) > 5000


def test_a_point_of_a_curve_opens_its_sources(portal):
    portal.goto(f"{portal.base}/ports/tcp/23/{QUERY}")
    canvas = portal.locator("#trend canvas")
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] - 6, "y": box["height"] / 3})
    portal.wait_for_url("**/sources/**")
    assert "from=2026-03-15&to=2026-03-16" in portal.url
    assert JAPANESE in portal.content()


def test_the_period_is_picked_by_form_and_by_preset_and_kept_between_pages(portal):
    portal.goto(f"{portal.base}/ports/")
    portal.fill("input[name=from]", PERIOD["from"])
    portal.fill("input[name=through]", "2026-03-15")
    portal.select_option("select[name=unit]", "sources")
    portal.click(".filters-form button")
    assert "from=2026-03-02" in portal.url and "to=2026-03-16" in portal.url and "through" not in portal.url
    portal.click("#pages-analysis")
    portal.click("nav >> text=Regions")
    assert "from=2026-03-02" in portal.url and "unit=sources" in portal.url
    portal.click("text=last 7 days")
    assert "period=7d" in portal.url and "from=" not in portal.url and "unit=sources" in portal.url


def test_the_chosen_theme_stays(portal):
    portal.emulate_media(color_scheme="light")
    portal.goto(portal.base + "/sensors/")
    portal.click("[data-theme-switch]")
    assert portal.locator("html").get_attribute("data-bs-theme") == "dark"
    portal.reload()
    assert portal.locator("html").get_attribute("data-bs-theme") == "dark"


def test_the_language_switch_keeps_the_page(portal):
    set_language(portal, "en")
    portal.goto(f"{portal.base}/ports/tcp/23/{QUERY}")
    portal.click(".language-switch button")
    assert portal.url.endswith(f"/ports/tcp/23/{QUERY}")
    assert "宛先ポート" in portal.content() or "の推移" in portal.content()


def test_the_navigation_is_reached_by_keyboard_on_a_telephone(portal):
    portal.set_viewport_size({"width": 390, "height": 844})
    portal.goto(portal.base + "/ports/" + QUERY)
    portal.focus(".navbar-toggler")
    portal.keyboard.press("Enter")
    portal.locator("#pages-analysis").wait_for(state="visible")
    portal.focus("#pages-analysis")
    portal.keyboard.press("Enter")
    portal.keyboard.press("ArrowDown")
    portal.keyboard.press("ArrowDown")
    portal.keyboard.press("Enter")
    portal.wait_for_url("**/regions/**")
    assert "from=2026-03-02" in portal.url
    assert portal.locator("#pages-analysis ~ .dropdown-menu [aria-current=page]").inner_text() == "Regions"
