"""The figures of the API: shapes, who may see what, and every parameter that is not understood."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from rest_framework.test import APIClient

from apps.observations.figures import Unit
from apps.observations.models import Signature
from apps.sensors.models import Sensor
from tests.cast import make_cast
from tests.observations import sightings
from tests.observations.test_queries import MONDAY, at
from tests.reference import tables

TUESDAY = MONDAY + timedelta(days=1)
PERIOD = {"from": "2026-03-02", "to": "2026-03-04"}
ENDPOINTS = ("rankings", "series", "sources")
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def seen(django_db_setup, django_db_blocker):
    with sightings.kept(django_db_blocker):
        yield observed(make_cast())


def observed(cast):
    sightings.delegate("198.51.100.0", "198.51.100.255", "JP")
    for sensor in (cast.sensor, cast.sensor_a, cast.sensor_b):
        sightings.watch_days(sensor, MONDAY, TUESDAY)
    sightings.see(cast.sensor, at(MONDAY), "198.51.100.1", "tcp/445", 4)
    sightings.see(cast.sensor_a, at(MONDAY), "198.51.100.1", "tcp/445", 1)
    sightings.see(cast.sensor_a, at(TUESDAY, 9, 30), "203.0.113.5", "tcp/23", 2)
    sightings.see(cast.sensor_b, at(TUESDAY), "2001:db8:1:2::3", "udp/53", 3, Signature.MIRAI)
    sightings.roll_up()
    return cast


def get(user, name, **parameters):
    client = APIClient(headers={"accept-language": "en"})
    if user is not None:
        client.force_authenticate(user)
    return client.get(reverse(f"api:{name}"), {**PERIOD, **parameters})


def test_a_ranking_says_all_that_a_figure_must_say(seen):
    answer = get(seen.analyst, "rankings", previous="true").json()
    assert answer["rows"][0] == {
        "rank": 1, "key": "tcp/445", "label": "445/TCP (microsoft-ds)", "value": 5, "share": 0.5,
        "previous_rank": None, "previous_value": None, "sensors": 2, "largest_sensor_share": 0.8,
    }  # fmt: skip
    assert answer["previous_period"] == {"from": "2026-02-28T00:00:00+09:00", "to": "2026-03-02T00:00:00+09:00", "zone": "Asia/Tokyo"}
    assert (answer["dimension"], answer["total"]) == ("port", 10)
    meta = answer["meta"]
    assert (meta["unit"], meta["denominator"], meta["sensor_set"], meta["sensor_count"], meta["zone"]) == (
        "packets", None, "all", 3, "Asia/Tokyo",
    )  # fmt: skip
    assert meta["freshness"]["newest"] == "2026-03-04T00:00:00+09:00"
    assert meta["freshness"]["stale_days"] == 0
    assert meta["region_as_of"] == "2010-01-01"


def test_series_are_aligned_and_gaps_are_null(seen):
    answer = get(seen.analyst, "series", split="region", bin="day", to="2026-03-05").json()
    assert answer["starts"] == ["2026-03-02T00:00:00+09:00", "2026-03-03T00:00:00+09:00", "2026-03-04T00:00:00+09:00"]
    assert {line["key"]: line["values"] for line in answer["series"]} == {"JP": [5, 0, None], "ZZ": [0, 5, None]}
    assert answer["meta"]["missing_days"] == ["2026-03-04"]


def test_sources_come_with_when_where_to_and_from_where(seen):
    answer = get(seen.analyst, "sources").json()
    assert answer["total_sources"] == 3
    assert answer["rows"][0] == {
        "address": "198.51.100.1", "packets": 5, "first_seen": "2026-03-02T12:00:00+09:00", "last_seen": "2026-03-02T12:00:00+09:00",
        "sensors": 2, "ports": ["tcp/445"], "port_count": 1, "region": "JP", "asn": "",
    }  # fmt: skip
    assert [row["address"] for row in answer["rows"][1:]] == ["2001:db8:1:2::/64", "203.0.113.5"]
    assert answer["rows"][2]["last_seen"] == "2026-03-03T09:30:00+09:00"


def test_sources_have_the_as_of_the_last_day_by_the_tables_of_routes(seen):
    tables.load(MONDAY, {"198.51.100.0/24": "64496", "203.0.113.0/24": "64497"})
    tables.load(MONDAY + timedelta(days=1), {"198.51.100.0/24": "64500", "198.51.100.0/28": "64500_64501", "2001:db8::/32": "65536"})
    rows = get(seen.analyst, "sources").json()["rows"]
    assert [(row["address"], row["asn"]) for row in rows] == [
        ("198.51.100.1", "64500_64501"),
        ("2001:db8:1:2::/64", "65536"),
        ("203.0.113.5", ""),
    ]
    earlier = get(seen.analyst, "sources", to=str(MONDAY + timedelta(days=1))).json()["rows"]
    assert [row["asn"] for row in earlier] == ["64496"]


def pages_of_sources(user, **parameters):
    """One answer after the other, to the last."""
    cursor = ""
    while cursor is not None:
        answer = get(user, "sources", cursor=cursor, **parameters).json()
        yield answer
        cursor = answer["next_cursor"]


def test_sources_of_a_prefix_come_page_by_page(seen):
    for number in range(10):
        sightings.see(seen.sensor, at(MONDAY), f"198.51.100.{number + 10}", "tcp/80")
    sightings.roll_up()
    found = []
    for answer in pages_of_sources(seen.analyst, prefix="198.51.100.0/28", limit=4):
        assert (answer["total_sources"], answer["meta"]["filters"]) == (7, {"prefix": "198.51.100.0/28"})
        found += [row["address"] for row in answer["rows"]]
    assert found == ["198.51.100.1", *(f"198.51.100.{number}" for number in range(10, 16))]
    assert [row["address"] for row in get(seen.analyst, "sources", prefix="2001:db8::/32").json()["rows"]] == ["2001:db8:1:2::/64"]


def test_a_partner_asks_a_prefix_of_their_own_sensors(seen):
    [row] = get(seen.partner_a, "sources", prefix="198.51.100.0/24").json()["rows"]
    assert (row["packets"], row["sensors"]) == (1, 1)


def test_pages_of_sources_follow_each_other_without_gap_or_repeat(seen):
    for number in range(25):
        sightings.see(seen.sensor, at(MONDAY), f"192.0.2.{number}", "tcp/80")
    sightings.roll_up()
    found = [row["address"] for answer in pages_of_sources(seen.analyst, limit=4) for row in answer["rows"]]
    assert len(found) == len(set(found)) == 28


@pytest.mark.parametrize("name", ENDPOINTS)
def test_without_token_or_session_there_is_no_answer(seen, name):
    answer = get(None, name)
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("name", ENDPOINTS)
def test_everybody_who_can_sign_in_draws_on_the_sensors_they_may_see(seen, name):
    packets = {"partner_a": 3, "partner_b": 3}
    for person, user in seen.people.items():
        answer = get(user, name)
        assert answer.status_code == 200, person
        answer = answer.json()
        total = sum(row["packets"] for row in answer["rows"]) if name == "sources" else (
            answer["total"] if name == "rankings" else answer["series"][0]["total"]
        )  # fmt: skip
        assert total == packets.get(person, 10), person


@pytest.mark.parametrize("name", ENDPOINTS)
def test_another_organisations_sensor_is_unknown_to_a_partner(seen, name):
    for other in (seen.sensor.pk, seen.sensor_b.pk):
        answer = get(seen.partner_a, name, sensors=str(other))
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["sensors"])


def test_a_partner_never_reads_a_sensors_name(seen):
    [row] = get(seen.partner_a, "rankings", dimension="sensor").json()["rows"]
    assert (row["key"], row["label"]) == (str(seen.sensor_a.pk), "Domestic sensor 2")
    assert get(seen.analyst, "rankings", dimension="sensor").json()["rows"][0]["label"] == "own-tokyo"


def test_network_counts_show_a_partner_neither_sensors_nor_addresses(seen):
    partner = sightings.who_reads_network_counts(seen.partner_a)
    assert get(partner, "rankings").json()["total"] == 10
    for name, parameters in (("rankings", {"dimension": "sensor"}), ("series", {"split": "sensor"}), ("sources", {})):
        assert get(partner, name, **parameters).status_code == 400, name
    own = get(partner, "sources", sensors=str(seen.sensor_a.pk)).json()
    assert [row["address"] for row in own["rows"]] == ["203.0.113.5", "198.51.100.1"]


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        *((name, "from", value) for name in ENDPOINTS for value in ("yesterday", "2026-13-01", "2026-03-02T09:00:00")),
        ("series", "from", "2026-03-02T09:30:00Z"),
        *((name, "to", "2026-03-01") for name in ENDPOINTS),
        *((name, "to", "2026-03-02") for name in ENDPOINTS),
        ("series", "from", "0001-01-01"),
        ("series", "from", "1990-01-01"),
        ("rankings", "to", "9999-12-31"),
        ("rankings", "period", "7d"),
        ("rankings", "zone", "Asia/Atlantis"),
        ("rankings", "zone", "../../etc/passwd"),
        ("rankings", "ports", "23"),
        ("rankings", "ports", "tcp/70000"),
        ("rankings", "ports", "tcp/23\0"),
        ("rankings", "ports", ","),
        ("rankings", "ports", ",".join(f"tcp/{port}" for port in range(500))),
        ("rankings", "regions", "Japan"),
        ("rankings", "regions", "QQ"),
        ("rankings", "signatures", "virus"),
        ("rankings", "scanners", "maybe"),
        ("rankings", "sensors", "999999"),
        ("rankings", "sensors", "own-tokyo"),
        ("rankings", "sensors", "1" * 5000),
        ("rankings", "dimension", "source"),
        ("rankings", "dimension", "none"),
        ("rankings", "unit", "bytes"),
        ("rankings", "limit", "0"),
        ("rankings", "limit", "1001"),
        ("rankings", "limit", "-5"),
        ("rankings", "limit", "٣"),
        ("rankings", "previous", "perhaps"),
        ("rankings", "bin", "day"),
        ("rankings", "port", "tcp/23"),
        ("series", "split", "source"),
        ("series", "bin", "minute"),
        ("series", "top", "51"),
        ("series", "limit", "5"),
        ("sources", "cursor", "%%%"),
        ("sources", "cursor", "MTIz"),
        ("sources", "cursor", "LTE6LTE"),
        ("sources", "unit", "packets"),
        ("sources", "prefix", "bananas"),
        ("sources", "prefix", "198.51.100.0/33"),
        ("sources", "prefix", "198.51.100.7/24"),
        ("sources", "prefix", "2001:db8::/65"),
        ("rankings", "prefix", "198.51.100.0/24"),
        ("series", "prefix", "198.51.100.0/24"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_by_name(seen, name, parameter, value):
    answer = get(seen.analyst, name, **{parameter: value})
    assert answer.status_code == 400
    body = answer.json()
    assert list(body["fields"]) == [parameter]
    assert body["message"].startswith(f"{parameter}: ")


def test_ten_years_by_hour_are_too_many_bins(seen):
    answer = get(seen.analyst, "series", bin="hour", **{"from": "2016-03-04", "to": "2026-03-02"})
    assert list(answer.json()["fields"]) == ["bin"]


def test_units_per_sensor_and_day_refuse_parts_of_days(seen):
    for name, parameters in (
        ("series", {"bin": "hour"}),
        ("rankings", {"to": "2026-03-03T12:00:00+09:00"}),
        ("rankings", {"zone": "UTC"}),
    ):
        assert list(get(seen.analyst, name, unit="packets_per_sensor_day", **parameters).json()["fields"]) == ["unit"]


def test_a_parameter_given_twice_is_refused(seen):
    client = APIClient(headers={"accept-language": "en"})
    client.force_authenticate(seen.analyst)
    answer = client.get(reverse("api:rankings") + "?ports=tcp/23&ports=tcp/445")
    assert list(answer.json()["fields"]) == ["ports"]


def test_periods_count_back_from_the_newest_data(seen):
    client = APIClient(headers={"accept-language": "en"})
    client.force_authenticate(seen.analyst)
    period = client.get(reverse("api:rankings"), {"period": "7d"}).json()["meta"]["period"]
    assert (period["from"], period["to"]) == ("2026-02-25T00:00:00+09:00", "2026-03-04T00:00:00+09:00")
    for preset in ("24h", "30d", "this-month", "last-month", "this-quarter", "last-quarter", "all", ""):
        assert client.get(reverse("api:series"), {"period": preset}).status_code == 200, preset


def test_figures_come_as_csv_in_which_no_cell_is_a_formula(seen):
    Sensor.objects.filter(pk=seen.sensor.pk).update(name="=cmd")
    for name, header in (
        ("rankings", ["rank", "key", "label", "value"]),
        ("series", ["start", "'=cmd", "host-osaka", "host-frankfurt"]),
        ("sources", ["address", "packets", "first_seen", "last_seen"]),
    ):
        extra = {"rankings": {"dimension": "sensor"}, "series": {"split": "sensor", "bin": "day"}}.get(name, {})
        answer = get(seen.analyst, name, format="csv", **extra)
        assert answer["Content-Type"].startswith("text/csv")
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert rows[0][:4] == header
        assert len(rows) == {"rankings": 4, "series": 3, "sources": 4}[name]
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_a_refusal_as_csv_still_names_the_parameter(seen):
    answer = get(seen.analyst, "rankings", format="csv", ports="x")
    assert answer.status_code == 400
    assert "ports:" in answer.content.decode()


@pytest.mark.parametrize("unit", [unit.value for unit in Unit])
@pytest.mark.parametrize("name", ["rankings", "series", "sources"])
def test_a_figure_takes_few_queries(seen, name, unit, django_assert_max_num_queries):
    """Beside these there is what signing in takes; savepoints of the test are counted, too."""
    extra = {"rankings": {"previous": "true", "unit": unit}, "series": {"split": "port", "unit": unit, "bin": "day"}}.get(name, {})
    get(seen.analyst, name, **extra)  # fills what does not depend on data, such as the names of ports
    sightings.see(seen.sensor, at(MONDAY), "192.0.2.77")
    sightings.roll_up()
    for _visit in ("cold", "warm"):
        with django_assert_max_num_queries(10):
            assert get(seen.analyst, name, **extra).status_code == 200


def test_the_schema_is_valid_and_complete(tmp_path):
    path = tmp_path / "schema.yml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(path))
    text = path.read_text()
    for name in ("/api/v1/rankings/", "/api/v1/series/", "/api/v1/sources/"):
        assert name in text
