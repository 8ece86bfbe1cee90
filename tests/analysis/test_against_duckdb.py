"""Co-ports, sources of one side alone and cohorts of the real sample, compared with what DuckDB says of the same file."""

import pytest

from apps.analysis.cohorts.evaluation import evaluate
from apps.analysis.cohorts.reading import question_from
from apps.analysis.coports import co_ports
from apps.analysis.exclusives import only_these_sensors
from apps.common.ports import PortKey
from apps.observations.figures import Selection
from apps.sensors.models import Sensor
from apps.sensors.queries import scope_for
from tests.observations.test_against_duckdb import WHOLE, loaded

__all__ = ["loaded"]
pytestmark = pytest.mark.django_db
PERIOD = {"from": "2013-03-01", "to": "2013-09-01"}


@pytest.mark.parametrize("port", ["tcp/1433", "tcp/22", "udp/1900"])
def test_co_ports(loaded, port):
    user, connection = loaded
    found = co_ports(Selection(scope_for(user), WHOLE, ports=(PortKey.parse(port),)), 50)
    behind = f"SELECT DISTINCT src FROM packet WHERE is_counted AND port = '{port}'"
    sql = f"SELECT port, count(DISTINCT src) FROM packet WHERE is_counted AND src IN ({behind}) GROUP BY 1"
    expected = dict(connection.execute(sql).fetchall())
    assert found.total == expected.pop(port)
    assert len(found.rows) == min(50, len(expected))
    assert {row.port: row.sources for row in found.rows} == {row.port: expected[row.port] for row in found.rows}
    assert [row.sources for row in found.rows] == sorted(expected.values(), reverse=True)[:50]


def test_sources_of_the_domestic_sensors_alone(loaded):
    user, connection = loaded
    names = ", ".join(f"'{name}'" for name in Sensor.objects.filter(is_overseas=False).values_list("name", flat=True))
    found = only_these_sensors(Selection(scope_for(user, "domestic"), WHOLE), user, limit=1)
    sql = f"SELECT count(*) FROM (SELECT src FROM packet WHERE is_counted GROUP BY src HAVING bool_and(sensor IN ({names})))"
    assert (found.count,) == connection.execute(sql).fetchone()
    assert found.count > 1000


def test_cohorts_on_the_same_day_and_at_any_time(loaded):
    user, connection = loaded
    both = {"and": [{"ports": "tcp/1433"}, {"ports": "tcp/3306"}, {"not": {"regions": "CN"}}]}
    flags = "bool_or(port = 'tcp/1433') AND bool_or(port = 'tcp/3306') AND NOT bool_or(region = 'CN')"
    for match, by in (("any_day", "src"), ("same_day", "src, day")):
        cohort = evaluate(question_from({"expression": both, "match": match, **PERIOD}, user))
        inside = f"SELECT {by} FROM packet JOIN region_of USING (src) WHERE is_counted GROUP BY {by} HAVING {flags}"
        assert (cohort.total,) == connection.execute(f"SELECT count(DISTINCT src) FROM ({inside})").fetchone()
        assert cohort.total > 0
        if match == "same_day":
            daily = dict(connection.execute(f"SELECT day, count(*) FROM ({inside}) GROUP BY 1").fetchall())
            assert {count.day: count.sources for count in cohort.days if count.sources} == daily


def test_seen_by_at_least_so_many_sensors(loaded):
    user, connection = loaded
    cohort = evaluate(question_from({"expression": {"min_sensors": 9}, "match": "any_day", **PERIOD}, user))
    sql = "SELECT count(*) FROM (SELECT src FROM packet WHERE is_counted GROUP BY src HAVING count(DISTINCT sensor) >= 9)"
    assert (cohort.total,) == connection.execute(sql).fetchone()
