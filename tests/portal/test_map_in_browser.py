"""The map and the split of a change in a real browser: drawn in both themes, clickable, saved as pictures."""

import pytest

from tests.analysis.test_labelmoves import constructed
from tests.cast import make_cast
from tests.portal.scene import observed
from tests.portal.test_browser import IS_DRAWN

QUERY = "?from=2026-03-02&to=2026-03-16"
SPLIT = "?region=NL&from=2020-12-17&to=2020-12-27"
COLOUR_AT = """([canvas, x, y]) => {
  const scale = canvas.width / canvas.clientWidth;
  return [...canvas.getContext("2d").getImageData(x * scale, y * scale, 1, 1).data];
}"""


@pytest.fixture
def browsing(transactional_db, live_server, page, sign_in):
    """`browsing(scene)` → the page, signed in as an analyst, with that scene behind it."""

    def begin(scene):
        cast = scene(make_cast())
        sign_in(cast.analyst)
        page.base = live_server.url
        return page

    return begin


def wait_for_map(page):
    page.locator("[data-map]").scroll_into_view_if_needed()
    page.locator("[data-map] [data-png]").wait_for(state="visible")
    page.wait_for_function(f"() => ({IS_DRAWN})(document.querySelector('[data-map] canvas'))")


def find_japan(page):
    """A point of the canvas that belongs to Japan: where the pointer shows that a click leads somewhere."""
    canvas = page.locator("[data-map] canvas")
    box = canvas.bounding_box()
    for across in range(80, 95):
        for down in range(15, 50):
            x, y = box["width"] * across / 100, box["height"] * down / 100
            canvas.hover(position={"x": x, "y": y})
            if canvas.evaluate("canvas => canvas.style.cursor") == "pointer":
                return canvas, x, y
    raise AssertionError("no region leads anywhere")


def test_a_region_of_the_map_leads_to_its_page_in_both_themes(browsing):
    page = browsing(observed)
    page.goto(f"{page.base}/map/{QUERY}")
    wait_for_map(page)
    canvas, x, y = find_japan(page)
    light = page.evaluate(COLOUR_AT, [canvas.element_handle(), x, y])
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(200)
    assert page.evaluate(COLOUR_AT, [canvas.element_handle(), x, y]) != light
    canvas.click(position={"x": x, "y": y})
    page.wait_for_url("**/regions/JP/**")
    assert "from=2026-03-02" in page.url


def test_the_map_downloads_as_a_picture(browsing):
    page = browsing(observed)
    page.goto(f"{page.base}/map/{QUERY}")
    wait_for_map(page)
    with page.expect_download() as download:
        page.locator("[data-map] [data-png]").click()
    assert download.value.suggested_filename == "Source-regions-on-the-map.png"
    assert len(download.value.path().read_bytes()) > 20_000


def test_the_home_page_draws_its_map_when_it_comes_into_view(browsing):
    page = browsing(observed)
    page.set_viewport_size({"width": 390, "height": 700})
    page.goto(f"{page.base}/{QUERY}")
    page.wait_for_load_state("networkidle")
    assert page.locator("[data-map] [data-png]").is_hidden()
    wait_for_map(page)


def test_the_split_is_drawn_and_the_card_of_a_region_is_fetched(browsing):
    page = browsing(constructed)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{page.base}/label-moves/{SPLIT}")
    assert page.locator("#split canvas").evaluate(IS_DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.goto(f"{page.base}/regions/NL/{SPLIT.replace('region=NL&', '')}")
    page.locator("#label-moves").scroll_into_view_if_needed()
    page.locator("#label-moves table").wait_for()
    assert "−32.50" in page.locator("#label-moves").inner_text()
