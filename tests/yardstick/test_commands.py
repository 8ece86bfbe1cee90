"""load_scenario refuses where the scenario could be mistaken, or its numbers would not come out."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from tests.observations import sightings

pytestmark = pytest.mark.django_db


@pytest.fixture
def observed(cast):
    sightings.watch(cast.sensor, *(datetime(2013, 5, day, tzinfo=ZoneInfo("UTC")) for day in (1, 2)))


def test_an_installation_with_observations_wants_to_be_asked(observed):
    with pytest.raises(CommandError, match="--yes"):
        call_command("load_scenario", "yardstick")


def test_days_are_japans(settings):
    settings.REPORT_TIME_ZONE = ZoneInfo("Europe/Berlin")
    with pytest.raises(CommandError, match="Asia/Tokyo"):
        call_command("load_scenario", "yardstick")


def test_only_known_scenarios_are_loaded():
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("load_scenario", "weather")


def test_without_a_scenario_there_is_nothing_to_remove(db, capsys):
    call_command("unload_scenario", "yardstick")
    assert "its 0 sensors" in capsys.readouterr().out
