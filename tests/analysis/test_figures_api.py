"""Ratios, profiles, matrices, compared series and port groups over the API: shapes, CSV, and what is refused."""

import csv
import io

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from apps.reference import portgroups
from tests.observations import random_traffic, sightings

PERIOD = {"from": "2026-01-22", "to": "2026-02-12"}
ENDPOINTS = ("series", "ratios", "profile", "matrix")
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def traffic(django_db_setup, django_db_blocker):
    with sightings.kept(django_db_blocker):
        yield random_traffic.observed()
    portgroups.forget()


def get(user, endpoint, /, **parameters):
    client = APIClient(headers={"accept-language": "en"})
    if user is not None:
        client.force_authenticate(user)
    return client.get(reverse(f"api:{endpoint}"), {**PERIOD, **parameters})


def rows_of(answer):
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def by_day(traffic, **wanted):
    totals = dict.fromkeys((random_traffic.FIRST.toordinal() + number for number in range(random_traffic.DAYS)), 0)
    for one in traffic.counted:
        if all(getattr(one, name) == value for name, value in wanted.items()):
            totals[one.day.toordinal()] += one.packets
    return list(totals.values())


def test_series_come_with_means_and_the_period_before(traffic):
    query = {"from": "2026-02-02", "bin": "day", "split": "kind", "top": "2", "mean": "4", "compare": "previous"}
    answer = get(traffic.cast.analyst, "series", **query).json()
    assert (answer["mean"], answer["against"], len(answer["starts"])) == (4, "previous", 10)
    assert answer["compared"]["meta"]["period"]["from"] == "2026-01-23T00:00:00+09:00"
    for line, before in zip(answer["series"], answer["compared"]["series"], strict=True):
        values = by_day(traffic, kind=line["key"])
        assert (line["values"], before["key"], before["values"]) == (values[11:], line["key"], values[1:11])
        assert line["mean"] == [None] * 3 + [sum(values[at - 3 : at + 1]) / 4 for at in range(14, 21)]
    table = rows_of(get(traffic.cast.analyst, "series", format="csv", **query))
    assert (len(table), len(table[0])) == (11, 7)
    assert table[0][3].endswith("(previous)") and table[0][5].endswith("(mean of 4)")


def test_series_without_them_say_so(traffic):
    answer = get(traffic.cast.analyst, "series", bin="day").json()
    assert (answer["mean"], answer["against"], answer["compared"], answer["series"][0]["mean"]) == (0, None, None, None)


def test_series_of_nothing_are_compared_with_nothing(traffic):
    answer = get(traffic.cast.analyst, "series", split="port", ports="tcp/9", compare="year").json()
    assert (answer["series"], answer["compared"]["series"]) == ([], [])
    assert answer["compared"]["meta"]["period"]["from"] == "2025-01-22T00:00:00+09:00"


def test_ratios_have_the_days_and_means_of_their_windows(traffic):
    values = by_day(traffic)
    [row] = get(traffic.cast.analyst, "ratios").json()["rows"]
    start, end = sum(values[:10]) / 10, sum(values[-10:]) / 10
    assert row == {
        "key": "", "label": "", "value": end / start, "first": "2026-02-02", "last": "2026-02-11", "mean": end, "covered_days": 10,
        "against_first": "2026-01-22", "against_last": "2026-01-31", "against_mean": start, "against_covered_days": 10,
    }  # fmt: skip
    [row] = get(traffic.cast.analyst, "ratios", name="after_before", day="2026-02-01", days="5").json()["rows"]
    assert row["value"] == pytest.approx(sum(values[10:15]) / sum(values[5:10]))
    [row] = get(traffic.cast.analyst, "ratios", name="day_baseline", day="2026-02-11", ending="2026-02-05").json()["rows"]
    assert row["value"] == pytest.approx(values[20] / (sum(values[5:15]) / 10))


def test_ratios_look_beyond_the_period_which_decides_the_keys(traffic):
    query = {"name": "after_before", "day": "2026-02-01", "days": "5", "from": "2026-02-01", "to": "2026-02-02", "split": "kind"}
    rows = get(traffic.cast.analyst, "ratios", **query).json()["rows"]
    assert rows and {row["covered_days"] for row in rows} == {5}
    for row in rows:
        values = by_day(traffic, kind=row["key"])
        assert row["value"] == pytest.approx(sum(values[10:15]) / sum(values[5:10]))
    assert list(get(traffic.cast.analyst, "ratios", **query, fixed="true").json()["fields"]) == ["fixed"]


def test_profiles_have_a_line_an_hour(traffic):
    answer = get(traffic.cast.analyst, "profile", split="origin").json()
    assert {line["key"] for line in answer["profiles"]} == {"domestic", "foreign", "unknown"}
    assert all(sum(line["shares"]) == pytest.approx(1) for line in answer["profiles"])
    assert answer["covered"] == [21] * 24
    table = rows_of(get(traffic.cast.analyst, "profile", split="origin", format="csv"))
    assert (len(table), table[0][0], table[0][4]) == (25, "hour", f"{table[0][1]} (share)")


def test_matrices_have_a_line_a_row(traffic):
    answer = get(traffic.cast.analyst, "matrix", columns="kind", top_rows="2", top_columns="3").json()
    assert [len(row["values"]) for row in answer["rows"]] == [3, 3]
    assert answer["rows"][0]["shares"][0] == pytest.approx(answer["rows"][0]["values"][0] / answer["rows"][0]["total"])
    table = rows_of(get(traffic.cast.analyst, "matrix", columns="kind", top_rows="2", top_columns="3", format="csv"))
    assert (len(table), table[0][:3], len(table[0])) == (3, ["key", "label", "total"], 9)


def test_groups_are_listed_with_their_definitions(traffic):
    client = APIClient()
    client.force_authenticate(traffic.cast.partner_a)
    found = client.get(reverse("api:port-groups")).json()
    assert [(group["slug"], group["pattern"]) for group in found] == [("messenger-udp", "udp/1020-1039"), ("telnet", "tcp/23,tcp/2323")]
    assert APIClient().get(reverse("api:port-groups")).status_code == 401


@pytest.mark.parametrize("name", ENDPOINTS)
def test_everybody_draws_on_the_sensors_they_may_see(traffic, name):
    assert get(None, name).status_code == 401
    for person in ("analyst", "auditor", "partner_b"):
        assert get(traffic.cast.people[person], name).status_code == 200
    assert list(get(traffic.cast.partner_a, name, sensors=str(traffic.cast.sensor.pk)).json()["fields"]) == ["sensors"]


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        *((name, "groups", value) for name in (*ENDPOINTS, "rankings", "sources") for value in ("nothing", "tcp/23", "a\0b", "x" * 5000)),
        *((name, "ports", ",".join(f"tcp/{port}" for port in range(500))) for name in ENDPOINTS),
        *((name, "regions", "QQ") for name in ENDPOINTS),
        *((name, "origin", value) for name in ENDPOINTS for value in ("unknown", "JP", "\0")),
        *((name, "fixed", "perhaps") for name in ENDPOINTS),
        *((name, "split", value) for name in ("series", "ratios", "profile") for value in ("source", "hour", "kind,port")),
        *((name, "top", "51") for name in ("series", "ratios", "profile")),
        *((name, "nonsense", "1") for name in ENDPOINTS),
        ("rankings", "dimension", "signature"),
        ("series", "mean", "367"),
        ("series", "mean", "0"),
        ("series", "mean", "٣"),
        ("series", "compare", "decade"),
        ("rankings", "compare", "previous"),
        ("ratios", "name", "last_first"),
        ("ratios", "days", "93"),
        ("ratios", "days", "11"),  # two windows of 11 in 21 days
        ("ratios", "day", "2026-02-01"),  # end_start has no day
        ("profile", "unit", "packets_per_sensor_day"),
        ("profile", "unit", "bytes"),
        ("profile", "from", "2024-01-01"),
        ("matrix", "rows", "port"),
        ("matrix", "columns", "region"),
        ("matrix", "top_rows", "51"),
        ("matrix", "top_columns", "1000"),
        ("matrix", "top_columns", "-1"),
        ("matrix", "limit", "5"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_by_name(traffic, name, parameter, value):
    answer = get(traffic.cast.analyst, name, **{parameter: value})
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [parameter]
    assert answer.json()["message"].startswith(f"{parameter}: ")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"name": "after_before"}, "day"),
        ({"name": "after_before", "day": "yesterday"}, "day"),
        ({"name": "after_before", "day": "0001-01-01"}, "day"),
        ({"name": "after_before", "day": "2026-02-01", "ending": "2026-02-01"}, "ending"),
        ({"name": "day_baseline", "day": "2026-02-01"}, "ending"),
        ({"name": "day_baseline", "ending": "2026-02-01"}, "day"),
    ],
)
def test_a_ratio_says_which_day_it_lacks(traffic, query, field):
    assert list(get(traffic.cast.analyst, "ratios", **query).json()["fields"]) == [field]


@pytest.mark.parametrize("name", ENDPOINTS)
def test_filters_that_leave_nothing_conflict(traffic, name):
    answer = get(traffic.cast.analyst, name, origin="domestic", regions="CN,NL")
    assert list(answer.json()["fields"]) == ["origin"]
    assert get(traffic.cast.analyst, name, origin="foreign", regions="JP,CN").status_code == 200


@pytest.mark.parametrize("name", ENDPOINTS)
def test_ten_years_are_answered_or_refused(traffic, name):
    answer = get(traffic.cast.analyst, name, **{"from": "2016-02-14"})
    assert answer.status_code == (400 if name == "profile" else 200)
    hours = {"bin": "hour"} if name == "series" else {"to": "2036-01-01"}
    assert list(get(traffic.cast.analyst, name, **{"from": "2016-02-14"}, **hours).json()["fields"]) in (["bin"], ["from"])


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_figure_takes_few_queries(traffic, name, django_assert_max_num_queries):
    extra = {"series": {"split": "kind", "compare": "previous", "mean": "10", "bin": "day"}, "ratios": {"split": "kind"},
             "profile": {"split": "port"}, "matrix": {"columns": "kind", "unit": "sources"}}[name]  # fmt: skip
    for query in (extra, {other: value for other, value in extra.items() if other != "compare"} | {"fixed": "true"}):
        for _visit in ("cold", "warm"):
            with django_assert_max_num_queries(12):
                assert get(traffic.cast.analyst, name, **query).status_code == 200
