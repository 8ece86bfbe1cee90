"""Periods by name count back from the newest data, and work before there is any."""

from datetime import UTC, date, datetime

import pytest

from apps.observations import queries
from apps.observations.figures import Freshness
from apps.observations.params import selection_from
from apps.observations.presets import Preset, period_of
from apps.sensors.queries import scope_for
from tests.observations.test_queries import TOKYO

NEWEST = datetime(2013, 7, 31, 15, tzinfo=UTC)  # the end of 31 July in Tokyo


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        (Preset.HOURS_24, date(2013, 7, 31), date(2013, 7, 31)),
        (Preset.DAYS_7, date(2013, 7, 25), date(2013, 7, 31)),
        (Preset.DAYS_30, date(2013, 7, 2), date(2013, 7, 31)),
        (Preset.THIS_MONTH, date(2013, 7, 1), date(2013, 7, 31)),
        (Preset.LAST_MONTH, date(2013, 6, 1), date(2013, 6, 30)),
        (Preset.THIS_QUARTER, date(2013, 7, 1), date(2013, 7, 31)),
        (Preset.LAST_QUARTER, date(2013, 4, 1), date(2013, 6, 30)),
        (Preset.ALL, date(2013, 3, 4), date(2013, 7, 31)),
    ],
)
def test_a_period_by_name_ends_with_the_newest_data(preset, first, last):
    days = list(period_of(preset, NEWEST, TOKYO, date(2013, 3, 4)).days())
    assert (days[0], days[-1]) == (first, last)


@pytest.mark.django_db
def test_the_first_presets_work_before_there_is_any_data(cast):
    scope = scope_for(cast.analyst)
    assert queries.newest_data(scope) == Freshness(newest=None, rolled_at=None, stale_days=0)
    for preset in Preset:
        selection = selection_from({"period": preset.value}, cast.analyst)
        assert queries.ranking(selection).rows == ()
        assert set(queries.series(selection).series[0].values) == {None}
    assert queries.usual(scope).ratio is None
