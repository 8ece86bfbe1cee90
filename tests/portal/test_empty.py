"""A portal before its first batch."""

from tests.portal.test_pages import PATHS, text_of


def test_an_empty_portal_says_what_to_do(cast, visit):
    assert "Enrol a sensor and send its first batch" in text_of(visit(cast.analyst, "/"))
    for path in PATHS:
        assert visit(cast.analyst, path).status_code == 200
