"""The page of notable changes: who sees what, filters, decisions, and the card of the home page."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import AuditEntry
from apps.analysis.models import Change
from tests.analysis.changes import scene as changes
from tests.observations import sightings
from tests.portal.scene import PERIOD
from tests.portal.test_pages import BUDGET, text_of


@pytest.fixture
def known(seen, db):
    """A spike of a port, one of a region that rests on one sensor, and one that was dismissed."""
    changes.searched()
    changes.spike("udp/53", score=20.0, state="dismissed", reason="our own test", decided_by=seen.analyst)
    narrow = changes.numbers_of_spike(narrow=True)
    return changes.spike(), changes.spike("JP", dimension="region", score=30.0, numbers=narrow)


def of_client(user, **headers):
    client = Client(headers={"accept-language": "en", **headers})
    client.force_login(user)
    return client


def test_the_list_says_what_happened_weightiest_first(seen, known, visit):
    page = text_of(visit(seen.analyst, "/changes/", **PERIOD))
    first = "On March 14, 2026, packets to 23/TCP (telnet) surged to 20 per sensor, 5 times the usual 4."
    second = "On March 14, 2026, packets from Japan surged to 20 per sensor, 5 times the usual 4."
    assert first in page and page.index(first) < page.index(second)
    assert "from one sensor or a handful of sources" in page
    assert "53/UDP" not in page
    assert "/explorer/?from=2026-03-08&amp;to=2026-03-15&amp;bin=day&amp;unit=packets_per_sensor_day&amp;ports=tcp/23" in page
    assert "/ports/tcp/23/?from=2026-02-14&amp;to=2026-03-22" in page


def test_a_curve_breaks_at_a_gap(seen, known, visit):
    page = text_of(visit(seen.analyst, "/changes/", **PERIOD))
    article = page.split('class="sparkline ')[1].split("</svg>")[0]
    assert article.count("<polyline") == 2


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ({"kind": "spike"}, ["23/TCP (telnet)", "Japan"]),
        ({"kind": "step"}, []),
        ({"dimension": "region"}, ["Japan"]),
        ({"state": "dismissed"}, ["53/UDP (domain)"]),
        ({"state": "all"}, ["23/TCP (telnet)", "Japan", "53/UDP (domain)"]),
        ({"from": "2026-03-02", "to": "2026-03-14"}, []),
        ({"limit": "1", "page": "2"}, ["Japan"]),
    ],
)
def test_the_list_is_filtered(seen, known, visit, query, subjects):
    page = text_of(visit(seen.analyst, "/changes/", **(PERIOD | query)))
    assert [part.split("</span> ")[1].split(" <span")[0] for part in page.split('class="finding-title"')[1:]] == subjects


@pytest.mark.parametrize("query", [{"kind": "earthquake"}, {"state": "x"}, {"page": "0"}, {"page": "99999"}, {"dimension": "sensor"}])
def test_a_bad_filter_is_named(seen, visit, query):
    response = visit(seen.analyst, "/changes/", **(PERIOD | query))
    assert response.status_code == 400
    assert next(iter(query)) in response.content.decode()


def test_partners_see_changes_only_with_the_right_to_network_counts(seen, known, visit):
    assert "Your organisation sees its own sensors only" in text_of(visit(seen.partner_a, "/changes/", **PERIOD))
    reader = sightings.who_reads_network_counts(seen.partner_b)
    page = text_of(visit(reader, "/changes/", **PERIOD, state="all"))
    assert "surged to 20 per sensor" in page
    for hidden in ("our own test", "analyst", "53/UDP", "finding-decision"):
        assert hidden not in page.split("<section")[-1]


def test_a_change_of_the_scenario_is_for_own_staff(seen, known):
    changes.spike("tcp/22", sensors="scenario")
    reader = sightings.who_reads_network_counts(seen.partner_b)
    assert set(Change.objects.visible_to(reader).values_list("sensors", flat=True)) == {"all"}
    assert Change.objects.visible_to(seen.analyst).count() == 4
    assert not Change.objects.visible_to(seen.partner_a).exists()


def test_dismissing_needs_a_reason_and_is_audited(seen, known):
    path, client = f"/changes/{known[0].pk}/decision/", of_client(seen.analyst)
    assert client.post(path, {"state": "dismissed"}).status_code == 400
    assert client.post(path, {"state": "gone"}).status_code == 400
    assert Change.objects.get(pk=known[0].pk).state == "new" and not AuditEntry.objects.filter(action__startswith="change.").exists()
    assert client.post(path, {"state": "dismissed", "reason": "known scan\x00"})["Location"] == "/changes/"
    change = Change.objects.get(pk=known[0].pk)
    assert (change.state, change.reason, change.decided_by) == ("dismissed", "known scan", seen.analyst)
    entry = AuditEntry.objects.get(action="change.dismissed")
    assert (entry.actor, entry.target, entry.detail) == (seen.analyst, "spike tcp/23 2026-03-14", {"before": "new", "reason": "known scan"})


def test_htmx_gets_the_change_as_it_is_then(seen, known):
    path, client = f"/changes/{known[0].pk}/decision/", of_client(seen.analyst, **{"hx-request": "true"})
    refused = text_of(client.post(path, {"state": "dismissed"}))
    assert "Give a reason for dismissing the change." in refused and "<html" not in refused
    watched = text_of(client.post(path, {"state": "watched", "reason": "until Monday"}))
    assert "watched: analyst" in watched and "until Monday" in watched and "Take back" in watched


def test_only_those_who_analyse_decide(seen, known):
    for user in (seen.auditor, seen.admin, sightings.who_reads_network_counts(seen.partner_a)):
        assert of_client(user).post(f"/changes/{known[0].pk}/decision/", {"state": "watched"}).status_code == 404
        assert "finding-decision" not in text_of(of_client(user).get("/changes/", PERIOD))


def test_the_home_page_shows_the_weightiest(seen, known, visit):
    page = text_of(visit(seen.analyst, "/", **PERIOD))
    assert "surged to 20 per sensor" in page.split('id="newest-changes-title"')[1].split("</section>")[0]
    assert 'id="newest-changes-title"' not in text_of(visit(seen.partner_a, "/", **PERIOD))


def test_without_changes_the_page_says_what_it_needs(seen, visit):
    assert "about five weeks of observations" in text_of(visit(seen.analyst, "/changes/", **PERIOD))


@pytest.mark.parametrize("path", ["/changes/", "/"])
def test_the_pages_keep_to_the_budget_of_queries(seen, known, path):
    cache.clear()
    client = of_client(seen.analyst)
    for _visit in ("cold", "warm"):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path, PERIOD).status_code == 200
        assert sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE", "SET ")) for query in captured) <= BUDGET
