"""Three weeks of random traffic of which every packet is remembered, so that figures can be counted again by hand."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from apps.common.ports import PortKey
from apps.common.sourcekeys import from_address
from apps.observations.models import COUNTED, Signature
from apps.reference import portgroups
from apps.reference.models import PortGroup
from tests.cast import Cast, make_cast
from tests.observations import sightings

TOKYO = ZoneInfo("Asia/Tokyo")
FIRST, DAYS = date(2026, 1, 22), 21  # January is closed, February is not
PORTS = ("tcp/23", "tcp/2323", "tcp/445", "udp/1026", "udp/1027", "udp/1031", "icmp/8")
GROUPED = {"udp/1026": "group:messenger-udp", "udp/1027": "group:messenger-udp", "udp/1031": "group:messenger-udp",
           "tcp/23": "group:telnet", "tcp/2323": "group:telnet"}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    sensor: int
    is_overseas: bool
    at: datetime
    source: int  # source key
    region: str
    port: str
    packets: int
    signature: Signature

    @property
    def day(self) -> date:
        return self.at.astimezone(TOKYO).date()

    @property
    def kind(self) -> str:
        return GROUPED.get(self.port, self.port)

    @property
    def origin(self) -> str:
        return {"JP": "domestic", "ZZ": "unknown"}.get(self.region, "foreign")

    @property
    def panel(self) -> str:
        return "overseas" if self.is_overseas else "domestic"


@dataclass(frozen=True)
class Traffic:
    cast: Cast
    all: tuple[Seen, ...]

    @property
    def counted(self) -> list[Seen]:
        return [one for one in self.all if one.signature in COUNTED]


def observed(flows: int = 900) -> Traffic:
    """Rolled up. `sensor_a` watches all days but the tenth, the others all of them; one port is busy on the fifth day."""
    cast, chance = make_cast(), np.random.default_rng(11)
    PortGroup.objects.create(slug="telnet", name_en="Telnet", name_ja="Telnet", pattern="tcp/23,tcp/2323")
    portgroups.forget()
    for region, third in (("JP", 0), ("CN", 64), ("NL", 128)):
        sightings.delegate(f"198.51.100.{third}", f"198.51.100.{third + 63}", region)
    sensors = (cast.sensor, cast.sensor_a, cast.sensor_b)
    for sensor in sensors:
        for number in range(DAYS):
            if sensor != cast.sensor_a or number != 9:
                day = FIRST + timedelta(days=number)
                sightings.watch_days(sensor, day, day)
    seen = [_flow(sensors[chance.integers(3)], chance) for _ in range(flows)]
    for one in seen:
        sightings.see(_sensor(cast, one), one.at, _address(one), one.port, one.packets, one.signature)
    sightings.roll_up()
    return Traffic(cast, tuple(seen))


def _flow(sensor, chance) -> Seen:
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=TOKYO)
    at = (start + timedelta(minutes=int(chance.integers(DAYS * 24 * 60)))).astimezone(UTC)
    source = from_address(f"198.51.100.{chance.integers(0, 256, dtype=int)}") if chance.random() < 0.7 else from_address("198.51.100.5")
    last = source & 0xFF
    region = ("JP", "CN", "NL", "ZZ")[last // 64]
    signature = Signature(int(chance.choice([0, 0, 0, 1, 2, 4])))
    busy = (at.astimezone(TOKYO).date() - FIRST).days == 4
    port = "tcp/23" if busy and chance.random() < 0.5 else str(chance.choice(PORTS))
    packets = int(chance.integers(100, 200)) if busy and port == "tcp/23" else int(chance.integers(1, 5))
    return Seen(sensor.pk, sensor.is_overseas, at, source, region, port, packets, signature)


def _sensor(cast: Cast, one: Seen):
    return next(sensor for sensor in (cast.sensor, cast.sensor_a, cast.sensor_b) if sensor.pk == one.sensor)


def _address(one: Seen) -> str:
    return f"198.51.100.{one.source & 0xFF}"


def code(port: str) -> int:
    key = PortKey.parse(port)
    return key.protocol << 16 | key.port
