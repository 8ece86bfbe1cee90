"""Packets for tests of figures: a few lines say who sent what to whom, and the real rollup makes counts of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction

from apps.accounts.models import Organisation, User
from apps.common.ports import PortKey
from apps.common.regions import encode
from apps.common.sourcekeys import from_address
from apps.observations.counting import months, recency
from apps.observations.counting.rollup import roll_day
from apps.observations.models import Batch, Signature
from apps.observations.storage import partitions
from apps.observations.storage.hours import day_bounds
from apps.observations.storage.marks import raise_marks
from apps.reference.models import Delegation, DelegationStatus, Registry, Snapshot
from apps.sensors.models import Sensor

_INSERT = """
INSERT INTO observations_flow (bucket, packets, bytes, first_seen, last_seen, batch_id, sensor_id, port, first_src_port,
                               last_src_port, protocol, signature, src)
VALUES (date_trunc('minute', %(at)s::timestamptz), %(packets)s, 0, %(at)s, %(at)s, 0, %(sensor)s, %(port)s, 1, 1, %(protocol)s,
        %(signature)s, %(source)s)
"""


def see(
    sensor: Sensor, at: datetime, source: str = "192.0.2.1", port: str = "tcp/23", packets: int = 1, signature: Signature = Signature.NONE
) -> None:
    """One flow at an instant, not rolled up yet."""
    key = PortKey.parse(port)
    partitions.ensure([at.astimezone(UTC).date()])
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {"at": at, "packets": packets, "sensor": sensor.pk, "port": key.port, "protocol": key.protocol,
             "signature": signature, "source": source},
        )  # fmt: skip
        raise_marks(cursor, [(sensor.pk, reporting_day(at))])


def watch(sensor: Sensor, start: datetime, end: datetime) -> None:
    """The sensor was watching during [start, end), whatever it saw; not rolled up yet."""
    Batch.objects.create(sensor=sensor, uuid=uuid4(), digest=b"", start=start, end=end, sequence=0, flows=0, packets=0)
    day, last = reporting_day(start), reporting_day(end - timedelta(microseconds=1))
    with connection.cursor() as cursor:
        while day <= last:
            raise_marks(cursor, [(sensor.pk, day)])
            day += timedelta(days=1)


def watch_days(sensor: Sensor, first: date, last: date) -> None:
    """The sensor was watching on these reporting days, both inclusive."""
    watch(sensor, day_bounds(first)[0], day_bounds(last)[1])


def roll_up() -> None:
    """Roll up every day that has a mark, close the months that can be, and note when sources were seen before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT day FROM observations_mark ORDER BY day")
        days = [day for (day,) in cursor.fetchall()]
    for day in days:
        roll_day(day)
    for month in months.months_to_close():
        months.close_month(month)
    list(recency.build())


def delegate(first: str, last: str, region: str, since: date = date(2010, 1, 1)) -> None:
    """The addresses from first to last belong to a region, in the one snapshot of their registry."""
    Snapshot.objects.update_or_create(registry=Registry.APNIC, date=since, defaults={"rows": 1, "digest": f"{first}{last}{region}"})
    Delegation.objects.create(
        registry=Registry.APNIC, start_key=from_address(first), end_key=from_address(last), region=encode(region),
        status=DelegationStatus.ALLOCATED, valid_from=since,
    )  # fmt: skip


def reporting_day(at: datetime) -> date:
    return at.astimezone(settings.REPORT_TIME_ZONE).date()


@contextmanager
def kept(blocker) -> Iterator[None]:
    """Rows made inside stay for all tests of a module-scoped fixture, each of which undoes its own changes only.
    `blocker` is pytest-django's django_db_blocker."""
    with blocker.unblock(), transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def who_reads_network_counts(user: User) -> User:
    """The same person, whose organisation may from now on read counts of the whole network."""
    Organisation.objects.filter(users=user).update(sees_network_counts=True)
    return User.objects.get(pk=user.pk)
