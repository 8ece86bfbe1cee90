"""Cohorts against looking at every row: random expressions, both meanings of "and", and everything that is refused."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from apps.analysis.cohorts.evaluation import evaluate
from apps.analysis.cohorts.reading import question_from
from apps.common import regions, sourcekeys
from apps.common.errors import ParameterError
from apps.observations.models import Signature
from tests.analysis.crowd import DAYS, FIRST, PORTS, QUERY, crowd

__all__ = ["crowd"]
pytestmark = pytest.mark.django_db
EVERY_DAY = [FIRST + timedelta(days=n) for n in range(DAYS)]


def ask(crowd, expression, match="any_day", user=None, **others):
    return evaluate(question_from({"expression": expression, "match": match, **QUERY, **others}, user or crowd.cast.analyst))


def members(cohort):
    return {sourcekeys.to_address(key).replace("::/64", "::5") for key in cohort.keys.tolist()}


# The same by brute force


def by_hand(crowd, node, days):
    """Members over these days taken together."""
    if "and" in node:
        kept = [by_hand(crowd, one, days) for one in node["and"] if "not" not in one] or [crowd.where(day=tuple(days))]
        return set.intersection(*kept).difference(*(by_hand(crowd, one["not"], days) for one in node["and"] if "not" in one))
    if "or" in node:
        return set.union(*(by_hand(crowd, one, days) for one in node["or"]))
    return of_atom(crowd, node, days)


def of_atom(crowd, atom, days):
    first, last = atom.get("from", "2026-01-01"), atom.get("to", "2027-01-01")
    wanted = {"day": tuple(day for day in days if first <= day.isoformat() < last)}
    wanted |= {"port": tuple(atom["ports"])} if "ports" in atom else {}
    wanted |= {"region": tuple(atom["regions"])} if "regions" in atom else {}
    wanted |= {"sensor": (int(atom["sensors"]),)} if "sensors" in atom else {}
    wanted |= {"signature": tuple(Signature[name.upper()] for name in atom["signatures"])} if "signatures" in atom else {}
    rows = crowd.matching(**wanted)
    seen = {(row.source, row.sensor) for row in rows}
    return {row.source for row in rows if sum(source == row.source for source, _sensor in seen) >= atom.get("min_sensors", 1)}


def expected(crowd, node, match):
    if match == "any_day":
        return by_hand(crowd, node, EVERY_DAY), None
    daily = [by_hand(crowd, node, [day]) for day in EVERY_DAY]
    return set().union(*daily), [len(day) for day in daily]


def random_node(crowd, chance, depth=0):
    kind = chance.choice(["and", "or", "atom"], p=[0.4, 0.2, 0.4]) if depth < 2 else "atom"
    if kind == "atom":
        return random_atom(crowd, chance)
    nodes = [random_node(crowd, chance, depth + 1) for _ in range(chance.integers(1, 4))]
    if kind == "and":
        nodes = [{"not": node} if chance.random() < 0.3 else node for node in nodes]
    return {str(kind): nodes}


def random_atom(crowd, chance):
    atom: dict[str, Any] = {}
    if chance.random() < 0.6:
        atom["ports"] = [str(port) for port in chance.choice(PORTS, chance.integers(1, 3), replace=False)]
    if chance.random() < 0.3:
        atom["regions"] = [str(chance.choice(["JP", "DE", "ZZ"]))]
    if chance.random() < 0.2:
        atom["signatures"] = ["mirai"]
    if chance.random() < 0.2:
        atom["sensors"] = str(chance.choice([crowd.cast.sensor.pk, crowd.cast.sensor_b.pk]))
    elif chance.random() < 0.3:
        atom["min_sensors"] = int(chance.integers(2, 4))
    if chance.random() < 0.3:
        atom |= {"from": "2026-03-29", "to": "2026-04-03"}
    return atom


@pytest.mark.parametrize("match", ["any_day", "same_day"])
@pytest.mark.parametrize("seed", range(40))
def test_random_expressions_have_the_members_that_looking_at_each_row_gives(crowd, seed, match):
    node = random_node(crowd, np.random.default_rng(seed))
    found = ask(crowd, node, match)
    wanted, daily = expected(crowd, node, match)
    assert members(found) == wanted
    assert found.total == len(wanted)
    if daily is not None:
        within = {count.day: count.sources for count in found.days}
        assert [within.get(day, 0) for day in EVERY_DAY] == daily


def test_conditions_are_counted_one_by_one(crowd):
    found = ask(crowd, {"and": [{"ports": "tcp/23"}, {"or": [{"ports": ["udp/53", "icmp/8"]}]}, {"not": {"regions": "DE"}}]})
    assert {count.path: count.sources for count in found.atoms} == {
        "and[0]": len(crowd.where(port="tcp/23")),
        "and[1].or[0]": len(crowd.where(port=("udp/53", "icmp/8"))),
        "and[2].not": len(crowd.where(region="DE")),
    }


def test_regions_co_ports_and_addresses_of_the_members(crowd):
    found = ask(crowd, {"and": [{"ports": "tcp/23"}, {"ports": "tcp/2323"}]})
    wanted = crowd.where(port="tcp/23") & crowd.where(port="tcp/2323")
    assert {regions.decode(part.code): part.sources for part in found.regions()} == {
        region: len(wanted & crowd.where(region=region)) for region in ("JP", "DE", "ZZ") if wanted & crowd.where(region=region)
    }
    assert {row.port: row.sources for row in found.co_ports()} == {port: len(wanted & crowd.where(port=port)) for port in PORTS}
    assert {row.address.replace("::/64", "::5") for row in found.listing().page.rows} == wanted


def test_since_last_week_is_two_periods(crowd):
    later, earlier = {"from": "2026-04-01", "to": "2026-04-06"}, {"from": "2026-03-27", "to": "2026-04-01"}
    found = ask(crowd, {"and": [later, {"not": earlier}]})
    assert members(found) == crowd.where(day=tuple(EVERY_DAY[5:])) - crowd.where(day=tuple(EVERY_DAY[:5]))


ATOM = {"ports": "tcp/23"}
REFUSED: dict[str, list[Any]] = {
    "expression": [None, [], "tcp/23", 7],
    "and": [{"and": []}, {"and": {}}, {"and": [ATOM] * 21}],
    "not": [{"not": ATOM}],
    "and[1].ports": [{"and": [ATOM, {"ports": "tcp/99999"}]}, {"and": [ATOM, {"ports": ["tcp/23", {}]}]},
                     {"and": [ATOM, {"ports": "tcp/2\x003"}]}],
    "and[0].port": [{"and": [{"port": "tcp/23"}]}],
    "or[0].not": [{"or": [{"not": ATOM}]}],
    "and[0].not": [{"and": [{"not": {"not": ATOM}}]}],
    "min_sensors": [{"min_sensors": 0}, {"min_sensors": True}, {"min_sensors": 10**9}],
    "regions": [{"regions": "XX"}, {"regions": "jp' or 1=1"}],
    "sensors": [{"sensors": "999999"}, {"sensors": "everything"}],
    "from": [{"from": "2016-01-01", "to": "2026-01-01"}, {"from": "yesterday"}],
    "and[1]": [{"and": [ATOM, 3]}],
    "and[0].and[0].and[0].and[0].and[0]": [{"and": [{"and": [{"and": [{"and": [{"and": [ATOM]}]}]}]}]}],
    "and[1].or[10]": [{"and": [{"or": [ATOM] * 10}, {"or": [ATOM] * 11}]}],
}  # fmt: skip


@pytest.mark.parametrize(("path", "expression"), [(path, one) for path, several in REFUSED.items() for one in several])
def test_what_cannot_be_read_is_refused_with_its_place(crowd, path, expression):
    with pytest.raises(ParameterError) as caught:
        ask(crowd, expression)
    assert caught.value.name == path


def test_sensors_of_a_condition_are_among_those_of_the_cohort(crowd):
    with pytest.raises(ParameterError) as caught:
        ask(crowd, {"sensors": str(crowd.cast.sensor_b.pk)}, sensors="domestic")
    assert caught.value.name == "sensors"


def test_partners_ask_about_their_own_sensors(crowd):
    found = ask(crowd, {"ports": ["tcp/23"]}, user=crowd.cast.partner_a)
    assert members(found) == crowd.where(port="tcp/23", sensor=crowd.cast.sensor_a.pk)
    with pytest.raises(ParameterError):
        ask(crowd, {"sensors": str(crowd.cast.sensor.pk)}, user=crowd.cast.partner_a)
