"""Sources that only the chosen sensors saw, against looking at every row."""

import pytest

from apps.analysis.exclusives import only_these_sensors
from apps.common.errors import ParameterError
from apps.common.ports import PortKey
from apps.observations.figures import Selection
from apps.sensors.queries import scope_for
from tests.analysis.crowd import PERIOD, crowd
from tests.observations.sightings import who_reads_network_counts

__all__ = ["crowd"]
pytestmark = pytest.mark.django_db


def selection(user, sensors, **filters):
    return Selection(scope_for(user, sensors), PERIOD, **filters)


def address(text):
    return text.replace("::5", "::/64")


@pytest.mark.parametrize("filters", [{}, {"port": "tcp/2323"}])
@pytest.mark.parametrize("chosen", ["domestic", "overseas", "one"])
def test_of_one_side_and_of_one_sensor(crowd, chosen, filters):
    cast = crowd.cast
    mine = {"domestic": (cast.sensor.pk, cast.sensor_a.pk), "overseas": (cast.sensor_b.pk,), "one": (cast.sensor_a.pk,)}[chosen]
    others = tuple({cast.sensor.pk, cast.sensor_a.pk, cast.sensor_b.pk} - set(mine))
    ports = {"ports": (PortKey.parse(filters["port"]),)} if filters else {}
    chosen = str(cast.sensor_a.pk) if chosen == "one" else chosen
    found = only_these_sensors(selection(cast.analyst, chosen, **ports), cast.analyst)
    seen, elsewhere = crowd.where(sensor=mine, **filters), crowd.where(sensor=others, **filters)
    assert (found.total, found.count, found.other_sensors) == (len(seen), len(seen - elsewhere), len(others))
    assert {row.address for row in found.page.rows} == {address(source) for source in seen - elsewhere}
    assert found.count > 0 or chosen == "overseas"


def test_a_list_goes_on_where_it_ended(crowd):
    chosen, user = selection(crowd.cast.analyst, "domestic", ports=(PortKey.parse("tcp/445"),)), crowd.cast.analyst
    whole = only_these_sensors(chosen, user).page.rows
    first = only_these_sensors(chosen, user, limit=2).page
    rest = only_these_sensors(chosen, user, first.next_cursor).page
    assert first.rows + rest.rows == whole


def test_of_all_sensors_there_is_nothing_to_compare(crowd):
    with pytest.raises(ParameterError, match="sensors"):
        only_these_sensors(selection(crowd.cast.analyst, "all"), crowd.cast.analyst)


def test_a_partner_learns_nothing_of_sensors_of_others(crowd):
    with pytest.raises(ParameterError, match="sensors"):
        only_these_sensors(selection(crowd.cast.partner_a, "all"), crowd.cast.partner_a)
    reader = who_reads_network_counts(crowd.cast.partner_b)
    with pytest.raises(ParameterError, match="sensors"):
        only_these_sensors(selection(reader, "domestic"), reader)
    with pytest.raises(ParameterError, match="sensors"):
        only_these_sensors(selection(reader, str(crowd.cast.sensor_b.pk)), reader)
