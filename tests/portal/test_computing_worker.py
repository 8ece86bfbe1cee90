"""A view over a long period, from the page that waits for it to the page that shows it, by a real worker."""

import pytest
from django.db import connection

from apps.observations.models import Computation, KeptRows
from apps.observations.planning import longreads
from tests.observations.test_computations import see_traffic
from tests.portal.test_computing import query
from tests.processes import wait_until

PATH = "/ports/"


@pytest.fixture
def empty_flows(transactional_db):
    """Flows are a table of SQL, which no flush of Django empties."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE observations_flow")


def test_a_worker_computes_what_a_page_waits_for(empty_flows, celery_worker, client, monkeypatch):
    monkeypatch.setattr(longreads, "PAGE_ROWS", 10)
    cast = see_traffic()
    client.force_login(cast.analyst)
    waiting = client.get(PATH + query(cast), follow=True)
    assert waiting.status_code == 202
    wait_until(lambda: not Computation.objects.filter(state__in=Computation.UNFINISHED).exists(), timeout_s=30)
    assert set(Computation.objects.values_list("state", flat=True)) == {"done"}
    assert KeptRows.objects.exists()
    wait_until(lambda: client.get(PATH + query(cast), follow=True).status_code == 200, timeout_s=30)


@pytest.mark.django_db(transaction=True)
def test_a_browser_that_waits_is_shown_the_view_by_itself(empty_flows, celery_worker, live_server, page, sign_in, monkeypatch):
    monkeypatch.setattr(longreads, "PAGE_ROWS", 10)
    cast = see_traffic()
    sign_in(cast.analyst)
    page.goto(live_server.url + PATH + query(cast))
    page.get_by_role("status").first.wait_for()
    page.locator(".computing").wait_for(state="detached", timeout=30_000)
    page.locator("main table").first.wait_for(state="attached", timeout=30_000)  # behind its figure
