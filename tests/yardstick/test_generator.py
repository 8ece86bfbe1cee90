"""The generator says what the reports say, before the portal counts anything: every number by SQL over the bare flows."""

import numpy as np
import pytest

from apps.portal.yardstick import network
from apps.portal.yardstick.rounding import rounded, shared, with_sum
from tests.yardstick import brute

J20, BEFORE_J20 = "day BETWEEN '2020-10-01' AND '2020-12-31'", "day BETWEEN '2020-07-01' AND '2020-09-30'"
J23, BEFORE_J23 = "day BETWEEN '2023-01-01' AND '2023-03-31'", "day BETWEEN '2022-10-01' AND '2022-12-31'"
NOVEMBER = "day BETWEEN '2005-11-01' AND '2005-11-30' AND NOT is_excluded"


@pytest.fixture(scope="module")
def flows():
    return network.flows()


@pytest.fixture(scope="module")
def database(flows):
    return brute.database(flows)


def one(database, what: str, where: str):
    return database.execute(f"SELECT {what} FROM flow WHERE {where}").fetchone()[0]


def ranks(database, column: str, where: str, rows: int = 7) -> list[str]:
    query = f"SELECT {column} FROM flow WHERE panel = 'domestic' AND {where} GROUP BY 1 ORDER BY sum(packets) DESC LIMIT {rows}"
    return [key for (key,) in database.execute(query).fetchall()]


def mean(database, where: str, first: str, last: str) -> float:
    """Packets a day at domestic sensors."""
    days = f"day BETWEEN '{first}' AND '{last}'"
    length = np.timedelta64(np.datetime64(last) - np.datetime64(first)).astype(int) + 1
    return float(one(database, "sum(packets)", f"panel = 'domestic' AND {days} AND {where}")) / length


def test_november_2005_has_the_reports_accesses_from_its_sources(database):
    assert one(database, "sum(packets)", NOVEMBER) == 543_415
    assert one(database, "count(DISTINCT (sensor, day, source))", NOVEMBER) == 404 * 300
    assert round(543_415 / one(database, "count(DISTINCT source)", NOVEMBER), 2) == 4.48
    assert one(database, "count(DISTINCT sensor)", NOVEMBER) == 10


def test_a_sender_of_messages_reaches_several_points(database):
    reached = f"SELECT source FROM flow WHERE {NOVEMBER} GROUP BY source, day HAVING count(DISTINCT sensor) >= 4"
    assert len(database.execute(reached).fetchall()) == 10


def test_ports_have_the_ranks_of_the_reports(database):
    assert (
        ranks(database, "port", J20, 5) == ranks(database, "port", BEFORE_J20, 5) == ["tcp/445", "tcp/23", "tcp/1433", "tcp/22", "tcp/80"]
    )
    assert ranks(database, "port", J23, 5) == ["tcp/23", "tcp/6379", "tcp/37215", "tcp/22", "tcp/80"]
    before = ranks(database, "port", BEFORE_J23)
    assert [before.index(port) + 1 for port in ranks(database, "port", J23, 5)] == [1, 2, 7, 4, 5]


def test_regions_have_the_ranks_of_the_reports(database):
    assert ranks(database, "region", J20, 5) == ["US", "RU", "NL", "CN", "DE"]
    assert ranks(database, "region", BEFORE_J20, 5) == ["US", "RU", "CN", "NL", "DE"]
    assert ranks(database, "region", J23, 5) == ["US", "CN", "NL", "RU", "GB"]
    before = ranks(database, "region", BEFORE_J23, 5)
    assert before[:4] == ["US", "RU", "GB", "CN"]
    assert "NL" not in before


def test_the_three_ratios_are_those_of_the_report(database):
    china = [mean(database, "region = 'CN'", *days) for days in (("2023-01-01", "2023-01-10"), ("2023-03-22", "2023-03-31"))]
    assert china[1] / china[0] == 1.5
    for day in (21, 22, 23):
        first = np.datetime64(f"2023-01-{day}")
        after, before = (mean(database, "region = 'NL'", str(first + n), str(first + n + 9)) for n in (0, -10))
        assert after / before == 8
    mirai = "region = 'JP' AND port = 'tcp/37215' AND signature = 'mirai'"
    assert mean(database, mirai, "2023-02-28", "2023-02-28") / mean(database, mirai, "2023-02-09", "2023-02-18") == 6


def test_eleven_regions_are_all_that_37215_has(database):
    found = database.execute(f"SELECT DISTINCT region FROM flow WHERE {J23} AND port = 'tcp/37215' AND panel = 'domestic'").fetchall()
    assert {region for (region,) in found} == {"JP", "US", "KR", "IN", "BR", "TW", "HK", "RU", "VN", "TH", "IT"}


def test_two_loads_are_the_same(flows):
    again = network.flows()
    assert all(np.array_equal(getattr(flows, name), getattr(again, name)) for name in ("minute", "source", "port", "packets"))


def test_every_source_is_inside_the_block_that_is_set_aside(flows):
    assert (flows.source >> 17 == (198 << 24 | 18 << 16) >> 17).all()


def test_rounding_keeps_sums():
    assert rounded([1 / 3, 1 / 3, 1 / 3], 10).tolist() in ([4, 3, 3], [3, 4, 3], [3, 3, 4])
    parts = shared(np.array([7, 0, 5]), np.array([0, 0, 0, 2, 2]), np.array([1.0, 1, 5, 1, 1]), least=1)
    assert (parts[:3].sum(), parts[3:].sum(), parts.min()) == (7, 5, 1)
    assert with_sum(np.array([5, 5, 5]), slice(1, 3), 20).tolist() == [5, 10, 10]
