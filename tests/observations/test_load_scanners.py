"""Loading and removing dated lists of survey scanners: whole, once, and with the days on which they hold counted anew."""

from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import AuditEntry
from apps.observations.counting.progress import Progress, Span, progress_of
from apps.observations.counting.rerolls import remove_scanners_and_reroll
from apps.observations.models import Mark
from apps.reference.models import ScannerList, ScannerRange
from tests.observations import sightings
from tests.portal.scene import at

DAY = date(2026, 3, 2)
pytestmark = pytest.mark.django_db


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("192.0.2.1\n198.51.100.0/24 # survey\n")
    return path


@pytest.fixture
def seen(cast):
    for offset in (-31, -30, 0, 30, 31):
        sightings.see(cast.sensor, at(DAY + timedelta(days=offset)), "192.0.2.1")
    sightings.roll_up()
    return cast


def load(path, name="ours", day=DAY, form="plain"):
    call_command("load_scanners", str(path), format=form, name=name, date=day)


def waiting():
    return [progress_of([Span(mark.day, mark.day)])[0].waiting for mark in Mark.objects.order_by("day")]


def test_a_list_is_stored_and_its_days_wait_to_be_counted_anew(seen, listed, capsys):
    load(listed)
    assert "ours (2026-03-02): 2 ranges. 3 sensor-days" in capsys.readouterr().out
    assert waiting() == [0, 1, 1, 1, 0]
    assert progress_of([Span(DAY - timedelta(days=30), DAY + timedelta(days=30)), Span(DAY, DAY, seen.sensor_a.pk)]) == [
        Progress(3, 3), Progress(0, 0),
    ]  # fmt: skip
    sightings.roll_up()
    assert waiting() == [0, 0, 0, 0, 0]


def test_the_same_list_again_changes_nothing_and_another_one_replaces_it(seen, listed, capsys):
    load(listed)
    sightings.roll_up()
    load(listed)
    assert "as loaded before. 0 sensor-days" in capsys.readouterr().out
    assert sum(waiting()) == 0
    listed.write_text("192.0.2.1\n")
    load(listed)
    assert sum(waiting()) == 3
    assert (ScannerList.objects.count(), ScannerRange.objects.count()) == (1, 1)


def test_a_bad_list_is_refused_with_its_rows_and_changes_nothing(seen, listed):
    listed.write_text("192.0.2.1\nnot an address\n")
    with pytest.raises(CommandError, match="row 2"):
        load(listed)
    assert not ScannerList.objects.exists()
    assert sum(waiting()) == 0


@pytest.mark.parametrize(("name", "day"), [("", DAY), ("x" * 81, DAY), ("a\nb", DAY), ("ours", date(2999, 1, 1))])
def test_names_and_dates_are_checked(listed, name, day):
    with pytest.raises(CommandError, match="name|date"):
        load(listed, name, day)
    assert not ScannerList.objects.exists()


def test_removing_a_list_counts_its_days_anew_and_is_on_record(seen, listed):
    load(listed)
    sightings.roll_up()
    assert remove_scanners_and_reroll(stored=ScannerList.objects.get(), by=seen.admin) == 3
    assert not ScannerRange.objects.exists()
    assert sum(waiting()) == 3
    actions = AuditEntry.objects.filter(action__startswith="scanner_list.").order_by("pk").values_list("action", "actor_name")
    assert list(actions) == [("scanner_list.loaded", "system"), ("scanner_list.removed", "admin")]
