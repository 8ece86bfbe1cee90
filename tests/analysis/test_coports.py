"""Co-ports against looking at every row, by source sets and by segments."""

from dataclasses import replace

import pytest

from apps.analysis import breakdown
from apps.analysis.coports import co_ports
from apps.common.ports import PortKey
from apps.observations.figures import Selection
from apps.observations.models import Signature
from apps.sensors.queries import scope_for
from tests.analysis.crowd import PERIOD, PORTS, crowd

__all__ = ["crowd"]
pytestmark = pytest.mark.django_db


def expected(crowd, behind, without=()):
    counts = {port: len(behind & crowd.where(port=port)) for port in PORTS if port not in without}
    return {port: sources for port, sources in counts.items() if sources}


def selection(crowd, sensors="all", **filters):
    return Selection(scope_for(crowd.cast.analyst, sensors), PERIOD, **filters)


@pytest.mark.parametrize("batches", [breakdown.BATCHES, (2, 2, 2), (1,)], ids=["sets", "several batches", "segments"])
@pytest.mark.parametrize("port", PORTS)
def test_the_other_ports_of_a_port(crowd, monkeypatch, batches, port):
    monkeypatch.setattr(breakdown, "BATCHES", batches)
    found = co_ports(selection(crowd, ports=(PortKey.parse(port),)))
    behind = crowd.where(port=port)
    assert found.total == len(behind)
    assert {row.port: row.sources for row in found.rows} == expected(crowd, behind, (port,))
    assert [row.sources for row in found.rows] == sorted((row.sources for row in found.rows), reverse=True)


@pytest.mark.parametrize("batches", [breakdown.BATCHES, (1, 1), (1,)])
def test_the_first_ones_are_the_same_however_they_are_found(crowd, monkeypatch, batches):
    whole = co_ports(selection(crowd, regions=("JP",)))
    monkeypatch.setattr(breakdown, "BATCHES", batches)
    assert co_ports(selection(crowd, regions=("JP",)), 2).rows == whole.rows[:2]


def test_filters_choose_the_sources_and_not_what_else_they_sent(crowd):
    found = co_ports(selection(crowd, ports=(PortKey.parse("tcp/23"),), signatures=(Signature.MIRAI,)))
    behind = crowd.where(port="tcp/23", signature=Signature.MIRAI)
    assert {row.port: row.sources for row in found.rows} == expected(crowd, behind, ("tcp/23",))


def test_of_one_sensor_segments_answer(crowd):
    pk = crowd.cast.sensor_a.pk
    found = co_ports(selection(crowd, str(pk), ports=(PortKey.parse("tcp/445"),)))
    behind = crowd.where(port="tcp/445", sensor=pk)
    assert {row.port: row.sources for row in found.rows} == {
        port: len(both) for port in PORTS if port != "tcp/445" and (both := behind & crowd.where(port=port, sensor=pk))
    }


def test_nobody_has_no_other_port(crowd):
    nothing = replace(selection(crowd), ports=(PortKey.parse("tcp/9"),))
    assert (co_ports(nothing).total, co_ports(nothing).rows) == (0, ())
