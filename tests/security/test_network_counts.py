"""A partner who reads network counts gets sums over every sensor: no sensor by name or alone, and no source address."""

import pytest
from django.urls import reverse

from tests.observations import sightings
from tests.portal.scene import JAPANESE, OTHER, PERIOD

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
