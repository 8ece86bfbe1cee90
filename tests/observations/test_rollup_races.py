"""Rollup among others: crashes, a second rollup, batches that commit in the middle. Real transactions, several connections."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from apps.observations.counting import months, rollup
from apps.observations.counting.bins import delete_month, month_bounds
from apps.observations.counting.counts import CountRows
from apps.observations.counting.rollup import roll_day, roll_stale
from apps.observations.counting.staleness import StaleDay, due_days, stale_days
from apps.observations.counting.verification import problems
from apps.observations.models import Fill, Grain, Mark, NetworkCount, Slice
from apps.observations.storage.hours import day_bounds
from apps.observations.storage.locks import day_lock
from tests.factories import SensorFactory
from tests.observations import sightings
from tests.observations.test_rollup import stored

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2013, 5, 1)
NOON = day_bounds(DAY)[0] + timedelta(hours=12)


@pytest.fixture(autouse=True)
def empty_flows(transactional_db):
    """No flows of other tests, and none left to them: only tables of models are emptied after a test."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE observations_flow")
        yield
        cursor.execute("TRUNCATE observations_flow")


def elsewhere(work) -> None:
    """Run to the end in a thread, on a database connection of its own."""
    failures = []

    def run():
        try:
            work()
        except Exception as error:  # noqa: BLE001  # told to the test below
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert failures == []


def total() -> int:
    return sum(NetworkCount.objects.filter(grain=Grain.DAY, slice=Slice.TOTAL).values_list("packets", flat=True))


def test_a_batch_that_commits_between_read_and_write_is_counted_by_the_next_rollup(monkeypatch):
    sensor = SensorFactory()
    sightings.see(sensor, NOON, packets=1)
    count_rows = rollup._count_rows

    def commit_another_batch_meanwhile(read):
        elsewhere(lambda: sightings.see(sensor, NOON, "192.0.2.2", packets=10))
        return count_rows(read)

    monkeypatch.setattr(rollup, "_count_rows", commit_another_batch_meanwhile)
    roll_day(DAY)
    assert total() == 1
    assert Fill.objects.get().rolled_version < Mark.objects.get().version

    monkeypatch.setattr(rollup, "_count_rows", count_rows)
    assert [stale.day for stale in stale_days()] == [DAY]
    roll_day(DAY)
    assert total() == 11
    assert list(problems(DAY, DAY)) == []


def test_a_batch_that_commits_while_flows_are_read_is_seen_whole_or_not_at_all(monkeypatch):
    sensor = SensorFactory()
    sightings.see(sensor, NOON, packets=1)
    read_flows = rollup.read_flows

    def commit_another_batch_first(day, sensor_ids):
        elsewhere(lambda: sightings.see(sensor, NOON, "192.0.2.2", packets=10))
        return read_flows(day, sensor_ids)

    monkeypatch.setattr(rollup, "read_flows", commit_another_batch_first)
    roll_day(DAY)
    assert total() == 1
    monkeypatch.setattr(rollup, "read_flows", read_flows)
    roll_day(DAY)
    assert total() == 11


@pytest.mark.parametrize("writes_before_the_crash", [0, 1, 5, 12])
def test_a_crash_between_delete_and_copy_changes_nothing(monkeypatch, writes_before_the_crash):
    sensor = SensorFactory()
    sightings.see(sensor, NOON, packets=1)
    roll_day(DAY)
    before = stored()
    sightings.see(sensor, NOON, "192.0.2.2", packets=10)
    write, written = CountRows.write, list[CountRows]()

    def crash(rows, cursor):
        if len(written) == writes_before_the_crash:
            raise KeyboardInterrupt
        written.append(rows)
        write(rows, cursor)

    monkeypatch.setattr(CountRows, "write", crash)
    with pytest.raises(KeyboardInterrupt):
        roll_day(DAY)
    assert stored() == before
    assert [stale.day for stale in stale_days()] == [DAY]

    monkeypatch.setattr(CountRows, "write", write)
    roll_day(DAY)
    assert total() == 11
    assert list(problems(DAY, DAY)) == []


def test_two_rollups_of_one_day_follow_each_other(monkeypatch):
    sensor = SensorFactory()
    sightings.see(sensor, NOON, packets=3)
    results, count_rows = [], rollup._count_rows
    second = threading.Thread(target=lambda: (results.append(roll_day(DAY)), connection.close()))

    def let_another_try(read):
        second.start()
        second.join(0.3)  # it has to wait for us
        assert second.is_alive()
        return count_rows(read)

    monkeypatch.setattr(rollup, "_count_rows", let_another_try)
    first = roll_day(DAY)
    second.join(30)
    assert (first.sensors, results[0].sensors) == (1, 0)
    assert total() == 3


def test_a_day_that_somebody_rolls_is_left_to_them():
    sightings.see(SensorFactory(), NOON)
    with day_lock(DAY):
        elsewhere(lambda: roll_stale(limit_s=10))
        assert not Fill.objects.exists()
    roll_stale(limit_s=10)
    assert Fill.objects.exists()


def test_the_lock_is_free_again_after_a_crash(monkeypatch):
    sightings.see(SensorFactory(), NOON)
    monkeypatch.setattr(rollup, "_count_rows", lambda read: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        roll_day(DAY)
    monkeypatch.undo()
    elsewhere(lambda: roll_stale(limit_s=10))
    assert total() == 1


def test_stale_days_are_rolled_newest_first_and_none_is_begun_after_the_limit(monkeypatch):
    sensor = SensorFactory()
    for back in range(3):
        sightings.see(sensor, NOON - timedelta(days=back))
    assert due_days() == [DAY, DAY - timedelta(days=1), DAY - timedelta(days=2)]
    assert roll_stale(limit_s=0) == []
    assert [result.day for result in roll_stale(limit_s=60)] == [DAY, DAY - timedelta(days=1), DAY - timedelta(days=2)]
    assert due_days() == []


def test_large_days_are_rolled_less_often_than_small_ones():
    def due_after(rows: int, seconds: float) -> bool:
        return StaleDay(DAY, NOON, rows).is_due(NOON + timedelta(seconds=seconds))

    assert due_after(rows=100, seconds=1)
    assert not due_after(rows=640_000, seconds=15)
    assert due_after(rows=640_000, seconds=65)
    assert due_after(rows=100_000_000, seconds=120)
    assert StaleDay(DAY, None, 0).is_due(NOON)


# Months


def month_rows() -> int:
    return NetworkCount.objects.filter(grain=Grain.MONTH).count()


def two_days_of_may(sensors) -> None:
    for number, sensor in enumerate(sensors):
        for back in range(2):
            sightings.see(sensor, NOON + timedelta(days=back), "198.51.100.1", "tcp/23", packets=30)
            sightings.see(sensor, NOON + timedelta(days=back), f"198.51.100.{number + 2}", "tcp/445")
    roll_stale(limit_s=60)


def test_a_closed_month_counts_every_source_once(cast):
    sightings.delegate("198.51.100.0", "198.51.100.255", "JP")
    two_days_of_may([cast.sensor, cast.sensor_a, cast.sensor_b])
    (may,) = months.months_to_close()
    assert may == date(2013, 5, 1)
    assert months.close_month(may) > 0
    assert months.months_to_close() == []
    domestic = NetworkCount.objects.get(grain=Grain.MONTH, slice=Slice.TOTAL, panel=1)
    assert (domestic.packets, domestic.sources, domestic.sensors) == (124, 3, 2)
    # Thirty packets a day are too few for a row of the day, sixty are enough for one of the month.
    assert NetworkCount.objects.filter(slice=Slice.PORT_REGION, port=23, grain=Grain.MONTH, panel=2).exists()
    assert not NetworkCount.objects.filter(slice=Slice.PORT_REGION, port=23, grain=Grain.DAY, panel=2).exists()
    assert list(problems(DAY, DAY + timedelta(days=1))) == []


def test_a_month_read_in_parts_has_the_same_rows(cast, monkeypatch):
    two_days_of_may([cast.sensor, cast.sensor_a, cast.sensor_b])
    months.close_month(date(2013, 5, 1))
    before = stored()
    with transaction.atomic(), connection.cursor() as cursor:
        delete_month(cursor, date(2013, 5, 1))
    assert month_rows() == 0
    monkeypatch.setattr(months, "PART_ROWS", 2)
    months.close_month(date(2013, 5, 1))
    assert stored() == before


def test_late_data_takes_the_month_away_until_it_is_made_anew(cast):
    two_days_of_may([cast.sensor])
    months.close_month(date(2013, 5, 1))
    sightings.see(cast.sensor, NOON, "203.0.113.9", packets=100)
    assert months.close_month(date(2013, 5, 1)) == 0  # a day waits
    roll_stale(limit_s=60)
    assert month_rows() == 0
    assert months.months_to_close() == [date(2013, 5, 1)]
    months.close_month(date(2013, 5, 1))
    assert NetworkCount.objects.get(grain=Grain.MONTH, slice=Slice.TOTAL).packets == 162
    assert list(problems(DAY, DAY + timedelta(days=1))) == []


def test_a_day_rolled_while_its_month_is_made_wins(cast, monkeypatch):
    two_days_of_may([cast.sensor])
    rows_of_month = months._rows

    def roll_a_day_meanwhile(month):
        yield from rows_of_month(month)
        elsewhere(lambda: (sightings.see(cast.sensor, NOON, "203.0.113.9", packets=100), roll_day(DAY)))

    monkeypatch.setattr(months, "_rows", roll_a_day_meanwhile)
    assert months.close_month(date(2013, 5, 1)) == 0
    assert month_rows() == 0
    monkeypatch.undo()
    assert months.close_month(date(2013, 5, 1)) > 0
    assert NetworkCount.objects.get(grain=Grain.MONTH, slice=Slice.TOTAL).packets == 162


def test_a_month_is_left_open_until_a_day_after_its_end(cast):
    two_days_of_may([cast.sensor])
    end = month_bounds(date(2013, 5, 1))[1]
    assert months.months_to_close(end + timedelta(hours=23)) == []
    assert months.months_to_close(end + timedelta(hours=24)) == [date(2013, 5, 1)]
