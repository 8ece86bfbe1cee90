"""A crowd of random sources at three sensors over ten days, both as rows of the database and as plain tuples, so that
every set can be worked out a second time by looking at each tuple."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from apps.common.periods import Period
from apps.observations.models import UNCOUNTED, Signature
from tests.cast import Cast, make_cast
from tests.observations import sightings
from tests.observations.test_queries import TOKYO

FIRST = date(2026, 3, 27)  # March closes, April does not
DAYS = 10
PERIOD = Period.of_days(FIRST, FIRST + timedelta(days=DAYS), TOKYO)
QUERY = {"from": "2026-03-27", "to": "2026-04-06"}
PORTS = ("tcp/23", "tcp/2323", "tcp/445", "udp/53", "icmp/8")


@dataclass(frozen=True)
class Seen:
    sensor: int
    day: date
    source: str
    port: str
    region: str
    signature: Signature


@dataclass(frozen=True)
class Crowd:
    cast: Cast
    rows: tuple[Seen, ...]

    def where(self, **wanted: object) -> set[str]:
        """The counted sources of the rows with these values; a tuple stands for any of its values."""
        return {row.source for row in self.matching(**wanted)}

    def matching(self, **wanted: object) -> list[Seen]:
        def fits(row: Seen) -> bool:
            return all(getattr(row, name) in (value if isinstance(value, tuple) else (value,)) for name, value in wanted.items())

        return [row for row in self.rows if row.signature not in UNCOUNTED and fits(row)]


def gather(cast: Cast) -> Crowd:
    sightings.delegate("198.51.100.0", "198.51.100.127", "JP")
    sightings.delegate("198.51.100.128", "198.51.100.255", "DE")
    chance = np.random.default_rng(11)
    sensors = (cast.sensor, cast.sensor_a, cast.sensor_b)
    for sensor in sensors:
        sightings.watch_days(sensor, FIRST, FIRST + timedelta(days=DAYS - 1))
    rows = [_row(chance, sensors) for _ in range(500)]
    by_id = {sensor.pk: sensor for sensor in sensors}
    for row in rows:
        at = datetime(row.day.year, row.day.month, row.day.day, int(chance.integers(24)), tzinfo=UTC) - timedelta(hours=9)
        sightings.see(by_id[row.sensor], at, row.source, row.port, int(chance.integers(1, 4)), row.signature)
    sightings.roll_up()
    return Crowd(cast, tuple(rows))


def _row(chance: np.random.Generator, sensors: tuple) -> Seen:
    last = int(chance.integers(100, 160))
    source, region = (f"198.51.100.{last}", "JP" if last < 128 else "DE") if chance.random() < 0.9 else ("2001:db8:7:1::5", "ZZ")
    return Seen(
        sensor=sensors[chance.integers(3)].pk,
        day=FIRST + timedelta(days=int(chance.integers(DAYS))),
        source=source,
        port=str(chance.choice(PORTS, p=[0.3, 0.1, 0.3, 0.2, 0.1])),
        region=region,
        signature=Signature(int(chance.choice([0, 0, 0, 1, 4]))),
    )


@pytest.fixture(scope="module")
def crowd(django_db_setup, django_db_blocker):
    with sightings.kept(django_db_blocker):
        yield gather(make_cast())
