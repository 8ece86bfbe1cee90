"""The three endpoints: shapes, the whole cast, CSV, and what hostile bodies get."""

import csv
import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.analysis.crowd import QUERY, crowd
from tests.cast import api_client_for
from tests.observations.sightings import who_reads_network_counts

__all__ = ["crowd"]
pytestmark = pytest.mark.django_db
BOTH = {"and": [{"ports": "tcp/23"}, {"ports": "tcp/2323"}]}
EVALUATE = "/api/v1/cohorts/evaluate/"


def post(user, body, **headers):
    client = api_client_for(user)
    return client.post(EVALUATE, json.dumps(body), content_type="application/json", headers={"accept-language": "en", **headers})


def get(user, name, **query):
    return api_client_for(user).get(reverse(f"api:{name}"), QUERY | query, headers={"accept-language": "en"})


def test_a_cohort_tells_counts_days_regions_ports_and_addresses(crowd):
    answer = post(crowd.cast.analyst, {"expression": BOTH, "match": "any_day", "limit": 2, **QUERY}).json()
    wanted = crowd.where(port="tcp/23") & crowd.where(port="tcp/2323")
    assert (answer["total"], answer["match"], answer["days"], answer["rows_problem"]) == (len(wanted), "any_day", [], "")
    assert answer["atoms"][0] == {"path": "and[0]", "sources": len(crowd.where(port="tcp/23"))}
    assert len(answer["rows"]) == 2 and answer["next_cursor"]
    assert {row["region"] for row in answer["regions"]} <= {"JP", "DE", "ZZ"}
    assert answer["co_ports"][0]["sources"] == len(wanted)
    assert len(post(crowd.cast.analyst, {"expression": BOTH, **QUERY}).json()["days"]) == 10


def test_its_rows_come_as_csv(crowd):
    response = post(crowd.cast.analyst, {"expression": BOTH, "match": "any_day", **QUERY}, accept="text/csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert len(rows) == len(crowd.where(port="tcp/23") & crowd.where(port="tcp/2323"))
    assert set(rows[0]) >= {"address", "packets", "ports", "region"}


def test_the_whole_cast(crowd):
    body = {"expression": {"ports": "tcp/23"}, **QUERY}
    for name, user in crowd.cast.people.items():
        assert post(user, body).status_code == 200, name
        assert get(user, "co-ports", ports="tcp/23").status_code == 200, name
        assert get(user, "only-these-sensors", sensors="domestic").status_code == (400 if name == "partner_a" else 200), name
    assert {
        api_client_for(crowd.cast.anonymous).get(reverse(f"api:{name}")).status_code for name in ("co-ports", "only-these-sensors")
    } == {401}
    assert post(crowd.cast.anonymous, body).status_code == 401


def test_who_reads_sums_of_the_network_gets_no_addresses(crowd):
    reader = who_reads_network_counts(crowd.cast.partner_a)
    assert list(post(reader, {"expression": BOTH, **QUERY}).json()["fields"]) == ["sensors"]
    own = post(reader, {"expression": {"ports": "tcp/23"}, "sensors": str(crowd.cast.sensor_a.pk), **QUERY}).json()
    assert own["total"] == len(crowd.where(port="tcp/23", sensor=crowd.cast.sensor_a.pk))
    widened = post(reader, {"expression": {"ports": "tcp/23", "sensors": "all"}, "sensors": str(crowd.cast.sensor_a.pk), **QUERY})
    assert widened.status_code == 400


def test_a_refusal_names_the_place(crowd):
    response = post(crowd.cast.analyst, {"expression": {"and": [{}, {"ports": "tcp/70000"}]}, **QUERY})
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["and[1].ports"]


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, '{"expression": ' + '{"and": [' * 50_000, "null", "7", '"text"', '{"expression": {"ports": 1e999}}', "{", "\x00"],
)
def test_hostile_bodies_are_refused(crowd, body):
    client = api_client_for(crowd.cast.analyst)
    assert client.post(EVALUATE, body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("query", [{"limit": "201"}, {"ports": "tcp/1\x00"}, {"dimension": "port"}, {"from": "1900-01-01"}])
def test_absurd_parameters_of_co_ports_are_refused(crowd, query):
    assert get(crowd.cast.analyst, "co-ports", **query).status_code == 400


def test_co_ports_as_csv(crowd):
    text = get(crowd.cast.analyst, "co-ports", ports="tcp/23", format="csv").content.decode("utf-8-sig")
    assert text.splitlines()[0] == "port,label,sources,share"
    assert len(text.splitlines()) == 5


def test_few_queries_however_many_conditions(crowd):
    client = api_client_for(crowd.cast.analyst)
    numbers = []
    for conditions in (2, 12):
        body = {"expression": {"and": [{"ports": "tcp/23"}] * conditions}, **QUERY}
        with CaptureQueriesContext(connection) as captured:
            assert client.post(EVALUATE, json.dumps(body), content_type="application/json").status_code == 200
        numbers.append(sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE", "SET ")) for query in captured))
    assert numbers[0] == numbers[1] <= 12
