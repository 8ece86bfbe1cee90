"""A partner who reads network counts gets sums over every sensor: no sensor by name or alone, and no source address."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from apps.analysis.models import Change
from tests.analysis.changes import scene as changes
from tests.observations import sightings
from tests.portal.scene import JAPANESE, OTHER, PERIOD
from tests.security import routes

SETS = ("all", "domestic", "overseas")
SUMS = [
    ("api:rankings", {"dimension": "port"}), ("api:rankings", {"dimension": "region", "format": "csv"}),
    ("api:series", {}), ("api:series", {"split": "port"}), ("api:series", {"split": "region", "format": "csv"}),
    ("api:series", {"split": "panel", "compare": "previous"}), ("api:profile", {"split": "region"}), ("api:matrix", {}),
    ("api:matrix", {"rows": "panel", "format": "csv"}), ("api:ratios", {"days": "5", "split": "port"}),
]  # fmt: skip
REFUSED = [
    ("api:rankings", {"dimension": "sensor"}), ("api:rankings", {"dimension": "sensor", "format": "csv"}),
    ("api:series", {"split": "sensor"}), ("api:series", {"split": "sensor", "format": "csv"}),
    ("api:profile", {"split": "sensor"}), ("api:matrix", {"rows": "sensor"}), ("api:ratios", {"days": "5", "split": "sensor"}),
    ("api:series", {"fixed": "true"}),
    ("api:sources", {}), ("api:sources", {"format": "csv"}), ("portal:sources", {}), ("portal:csv-sources", {}),
    ("api:only-these-sensors", {}), ("portal:only-these-sensors", {}), ("api:label-moves", {"region": "JP"}),
    ("portal:explorer", {"split": "sensor"}),
    ("portal:csv-cohort", {"c0-join": "and", "c0-min": "2"}), ("portal:csv-cohort-days", {"c0-join": "and", "c0-min": "2"}),
    ("portal:map", {"fixed": "true"}), ("api:co-ports", {"fixed": "true"}),
]  # fmt: skip


@pytest.fixture
def partner(portal, db):
    client = portal.client_of("anonymous")
    client.force_login(sightings.who_reads_network_counts(portal.cast.partner_a))
    client.raise_request_exception = False
    return client


def body_of(response):
    return (b"".join(response.streaming_content) if response.streaming else response.content).decode()


@pytest.mark.parametrize("sensors", SETS)
@pytest.mark.parametrize(("name", "query"), SUMS)
def test_sums_answer_without_sensors_or_addresses(portal, partner, name, query, sensors):
    response = partner.get(reverse(name), PERIOD | query | {"sensors": sensors})
    assert response.status_code == 200
    secrets = (portal.cast.sensor.name, portal.cast.sensor_b.name, JAPANESE, OTHER)
    assert not [secret for secret in secrets if secret in body_of(response)]


PAGES = [name for name, (method, _answers) in routes.TABLE.items() if method == "get" and name.startswith(("portal:", "api:"))]


@pytest.mark.parametrize("name", PAGES)
def test_no_page_or_call_tells_of_single_sensors_or_of_their_sources(portal, partner, name):
    """By whatever route, whole or as a fragment: no name, no address that only others saw, and not how much one sensor has of it."""
    secrets = ("own-tokyo", "host-frankfurt", "Partner B", "Word of an advisory", "largest sensor", "almost all from one sensor",
               "from one sensor or a handful", "largest_share", '"narrow"')  # fmt: skip
    cache.clear()
    for headers in ({}, {"HTTP_HX_REQUEST": "true"}):
        for query in ({}, PERIOD, PERIOD | {"format": "csv"}):
            response = partner.get(portal.url(name), query, **headers)
            assert response.status_code < 500
            body = body_of(response)
            assert not [secret for secret in secrets if secret in body]
            assert OTHER not in body


def test_rankings_keep_the_largest_sensor_to_themselves(portal, partner):
    query = PERIOD | {"dimension": "port"}
    assert {row["largest_sensor_share"] for row in partner.get(reverse("api:rankings"), query).json()["rows"]} == {None}
    assert None not in {
        row["largest_sensor_share"] for row in portal.client_of("analyst").get(reverse("api:rankings"), query).json()["rows"]
    }


def test_changes_keep_single_sensors_to_themselves(portal, partner):
    Change.objects.update(numbers=changes.numbers_of_spike(narrow=True))
    (row,) = partner.get(reverse("api:changes")).json()["rows"]
    assert not row["is_narrow"] and not {"largest_share", "narrow"} & set(row["numbers"])
    assert portal.client_of("analyst").get(reverse("api:changes")).json()["rows"][0]["numbers"]["narrow"]


def test_sums_are_those_of_the_whole_network(portal, partner):
    query = PERIOD | {"dimension": "port"}
    theirs = partner.get(reverse("api:rankings"), query).json()
    ours = portal.client_of("analyst").get(reverse("api:rankings"), query).json()
    assert [(row["key"], row["value"]) for row in theirs["rows"]] == [(row["key"], row["value"]) for row in ours["rows"]] != []


@pytest.mark.parametrize("sensors", SETS)
@pytest.mark.parametrize(("name", "query"), REFUSED)
def test_single_sensors_and_sources_are_refused(partner, name, query, sensors):
    response = partner.get(reverse(name), PERIOD | query | {"sensors": sensors})
    body = body_of(response)
    assert response.status_code == 400
    assert "own sensors" in body
    assert JAPANESE not in body


@pytest.mark.parametrize("name", ["api:sources", "portal:sources", "portal:csv-sources"])
def test_sources_of_their_own_sensors_stay_theirs(portal, partner, name):
    response = partner.get(reverse(name), PERIOD | {"sensors": str(portal.cast.sensor_a.pk)})
    assert response.status_code == 200
    body = body_of(response)
    assert JAPANESE in body
    assert OTHER not in body
