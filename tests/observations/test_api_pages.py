"""The pages that show the API, in a browser that fails on any violation of the content security policy."""

import pytest

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_api_can_be_read_in_a_browser_under_the_strict_policy(page, live_server, sign_in, cast):
    sign_in(cast.analyst)
    page.goto(f"{live_server.url}/api/v1/docs/")
    page.get_by_text("First ports, regions or sensors").wait_for()
    page.get_by_text("Source addresses behind a view").wait_for()
