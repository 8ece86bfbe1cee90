"""`manage.py load_delegations`: what it prints, and that the days it touches are rolled up again."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.observations.counting import rerolls
from apps.observations.models import Mark
from apps.reference.models import Delegation, Snapshot
from tests.factories import SensorFactory
from tests.reference.files import delegated

pytestmark = pytest.mark.django_db
FEBRUARY, OCTOBER, NOVEMBER = date(2018, 2, 3), date(2018, 10, 13), date(2018, 11, 26)
MARKED = [date(2013, 3, 3), date(2018, 5, 1), date(2018, 10, 13), date(2018, 11, 25), date(2018, 11, 26), date(2026, 1, 1)]


@pytest.fixture
def marks():
    """Two sensors with a mark on each of MARKED."""
    sensors = [SensorFactory(), SensorFactory()]
    Mark.objects.bulk_create(Mark(sensor=sensor, day=day, raised_at=timezone.now()) for sensor in sensors for day in MARKED)
    return sensors


@pytest.fixture
def command(tmp_path):
    def run(region: str, day: date, name: str = "delegated-apnic-extended") -> str:
        (tmp_path / name).write_bytes(delegated("apnic", f"{region}|ipv4|192.0.2.0|256|20000101|allocated|A1", end=f"{day:%Y%m%d}"))
        out = StringIO()
        call_command("load_delegations", str(tmp_path / name), "--date", str(day), stdout=out)
        return out.getvalue()

    return run


def raised() -> dict[date, set[int]]:
    """The versions of each day's marks, and every mark as before the load again."""
    versions = {day: set(Mark.objects.filter(day=day).values_list("version", flat=True)) for day in MARKED}
    Mark.objects.update(version=1)
    return versions


def days_raised() -> list[date]:
    versions = raised()
    assert all(found in ({1}, {2}) for found in versions.values())
    return [day for day, found in versions.items() if found == {2}]


def test_exactly_the_days_that_a_snapshot_decides_are_rolled_up_again(command, marks):
    command("NL", OCTOBER)
    assert days_raised() == MARKED, "the first snapshot serves every day"
    command("GB", NOVEMBER)
    assert days_raised() == [date(2018, 11, 26), date(2026, 1, 1)]
    command("GB", NOVEMBER)
    assert days_raised() == [], "the same again changes nothing"
    command("NL", FEBRUARY)
    assert days_raised() == [date(2013, 3, 3), date(2018, 5, 1)], "the oldest snapshot serves the days before it"
    command("DE", OCTOBER)
    assert days_raised() == [date(2018, 10, 13), date(2018, 11, 25)], "a corrected one only until the next"


def test_the_command_prints_what_changed(command, marks):
    assert command("NL", OCTOBER).splitlines() == [
        "apnic 2018-10-13: 1 delegations, 1 new and 0 gone since the snapshot in force",
        "  ZZ → NL: 256 IPv4 addresses, 0 IPv6 /64",
        "12 sensor-days will be rolled up again.",
    ]
    assert "NL → GB: 256 IPv4 addresses" in command("GB", NOVEMBER)
    assert command("GB", NOVEMBER).splitlines() == [
        "apnic 2018-11-26: 1 delegations, as loaded before",
        "0 sensor-days will be rolled up again.",
    ]


def test_a_failure_while_marks_are_raised_leaves_the_old_snapshot(command, marks, monkeypatch):
    def fail(*args):
        raise RuntimeError("lost the connection")

    monkeypatch.setattr(rerolls, "raise_marks", fail)
    with pytest.raises(RuntimeError):
        command("NL", OCTOBER)
    assert not Snapshot.objects.exists()
    assert not Delegation.objects.exists()


def test_the_shipped_snapshot_is_loaded_by_name(marks):
    out = StringIO()
    call_command("load_delegations", "--shipped", stdout=out)
    assert "ripencc 2018-10-13: 87,961 delegations" in out.getvalue()
    assert Snapshot.objects.count() == 5
    assert days_raised() == MARKED


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Give the files"),
        (["file"], "Give the files"),
        (["--date", "2018-10-13"], "Give the files"),
        (["--shipped", "--date", "2018-10-13"], "brings its own"),
        (["--shipped", "file"], "brings its own"),
        (["/nowhere/file", "--date", "2018-10-13"], "No such file"),
        (["file", "--date", "13.10.2018"], "--date"),
    ],
)
def test_misuse_is_explained(arguments, says):
    with pytest.raises(CommandError, match=says):
        call_command("load_delegations", *arguments)


def test_a_bad_file_is_named_with_its_line(tmp_path):
    (tmp_path / "bad").write_bytes(delegated("apnic", "JP|ipv4|192.0.2.300|256|20000101|allocated|A1"))
    with pytest.raises(CommandError, match="bad, line 5: the start is no IPv4 address"):
        call_command("load_delegations", str(tmp_path / "bad"), "--date", "2018-10-13")
