from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from apps.observations.storage import partitions

DAY = date(1999, 3, 3)
FLOW = (
    "INSERT INTO observations_flow (sensor_id, bucket, src, protocol, port, signature, packets, bytes,"
    " first_seen, first_src_port, last_seen, last_src_port, batch_id)"
    " VALUES (1, %s, '192.0.2.1', 6, 23, 0, 1, 40, %s, 1024, %s, 1024, 1)"
)


def existing():
    """Days of a year that no other test uses: transactional ones leave partitions behind."""
    return [day for day in partitions.existing() if day.year == 1999]


def insert_flow(moment):
    with connection.cursor() as cursor:
        cursor.execute(FLOW, [moment] * 3)


@pytest.mark.django_db
def test_a_partition_holds_exactly_its_utc_day():
    partitions.ensure([DAY])
    partitions.ensure([DAY])
    insert_flow(datetime(1999, 3, 3, tzinfo=UTC))
    insert_flow(datetime(1999, 3, 3, 23, 59, tzinfo=UTC))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM observations_flow_19990303")
        assert cursor.fetchone() == (2,)
    assert existing() == [DAY]


@pytest.mark.django_db(transaction=True)
def test_twelve_workers_make_a_partition_once():
    barrier = Barrier(12)
    failures = []

    def work():
        try:
            barrier.wait()
            partitions.ensure([DAY, DAY + timedelta(days=1)])
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert failures == []
        assert existing() == [DAY, DAY + timedelta(days=1)]
    finally:
        with connection.cursor() as cursor:
            for day in existing():
                partitions.drop(cursor, day)


@pytest.mark.django_db
def test_a_week_ahead_is_ready_whatever_was_there():
    today = date(1999, 3, 30)
    partitions.ensure_ahead(today)
    partitions.ensure_ahead(today + timedelta(days=1))
    assert existing() == [today + timedelta(days=offset) for offset in range(9)]


@pytest.mark.django_db
def test_only_closed_days_get_the_index_and_get_it_once():
    partitions.ensure([DAY, DAY + timedelta(days=1)])
    assert partitions.index_closed(datetime(1999, 3, 4, 5, 59, tzinfo=UTC)) == []
    assert partitions.index_closed(datetime(1999, 3, 4, 6, 0, tzinfo=UTC)) == [DAY]
    assert partitions.index_closed(datetime(1999, 3, 4, 6, 0, tzinfo=UTC)) == []
