"""Generated flows as columns, and the one way in which a stream of so many packets a day becomes flows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from apps.common.ports import PortKey
from apps.observations.models import Signature
from apps.portal.yardstick.rounding import Floats, Ints, shared

DAY_MINUTES = 1440
ZONE_MINUTES = 9 * 60  # the reports count days of Japan, whose clocks never change
COLUMNS = ("sensor", "minute", "source", "protocol", "port", "signature", "packets")
FLAT = np.ones(24)

Mix = dict[PortKey, float]


@dataclass(frozen=True)
class Flows:
    """Columns of one length. `sensor` indexes the names of the sensors, `minute` counts from 1970 (UTC), `source` is an
    IPv4 address as a number. No two rows have the same sensor, minute, source, port and signature."""

    sensor: Ints
    minute: Ints
    source: Ints
    protocol: Ints
    port: Ints
    signature: Ints
    packets: Ints

    def __len__(self) -> int:
        return len(self.packets)

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.intp] | slice) -> "Flows":
        return Flows(*(getattr(self, name)[chosen] for name in COLUMNS))

    @property
    def day(self) -> Ints:
        """The day in Japan, counted from 1970-01-01."""
        return (self.minute + ZONE_MINUTES) // DAY_MINUTES


def united(parts: Sequence[Flows]) -> Flows:
    """All flows sorted by sensor and minute, those of one key added up."""
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS}
    ports = columns["protocol"] << 24 | columns["port"] << 8 | columns["signature"]
    order = np.lexsort((ports, columns["source"], columns["minute"], columns["sensor"]))
    keys = np.stack([columns["sensor"], columns["minute"], columns["source"], ports])[:, order]
    first = np.flatnonzero(np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0)))
    kept = {name: column[order][first] for name, column in columns.items()}
    return Flows(**kept | {"packets": np.add.reduceat(columns["packets"][order], first)})


@dataclass(frozen=True)
class Span:
    """The days [first, first + days) of one network: its sensors as indexes of the names of all."""

    first: date
    days: int
    sensors: tuple[int, ...]

    def index(self, day: date) -> int:
        return (day - self.first).days

    def part(self, first: date, last: date) -> slice:
        """The days first to last, both included, as rows of an array with one value a day."""
        return slice(self.index(first), self.index(last) + 1)

    def minutes(self, day: Ints, minute: Ints) -> Ints:
        """Unix minutes of minutes of days of this span."""
        start = (self.first - date(1970, 1, 1)) // timedelta(days=1)
        return (start + day) * DAY_MINUTES - ZONE_MINUTES + minute


@dataclass(frozen=True)
class Stream:
    """So many packets a day from some addresses to some ports, `ports` with their weights."""

    packets: Ints  # one value for each day of the span
    pool: Ints
    ports: Mix
    signature: Signature = Signature.NONE
    per_flow: float = 6.0
    hours: Floats = field(default_factory=lambda: FLAT)


def flows_of(stream: Stream, span: Span, rng: np.random.Generator) -> Flows:
    """The stream as flows: each day has exactly its packets; ports, sensors and hours are drawn."""
    rows = np.where(stream.packets > 0, np.maximum(1, np.rint(stream.packets / stream.per_flow)), 0).astype(np.int64)
    day = np.repeat(np.arange(len(rows)), rows)
    keys = list(stream.ports)
    chosen = rng.choice(len(keys), len(day), p=np.array(list(stream.ports.values())) / sum(stream.ports.values()))
    return Flows(
        sensor=np.array(span.sensors)[rng.integers(len(span.sensors), size=len(day))],
        minute=span.minutes(day, minutes(stream.hours, len(day), rng)),
        source=_sources(stream.pool, rows, day, rng),
        protocol=np.array([key.protocol for key in keys])[chosen],
        port=np.array([key.port for key in keys])[chosen],
        signature=np.full(len(day), int(stream.signature)),
        packets=shared(stream.packets, day, rng.gamma(1.5, size=len(day)) + 0.1, least=1),
    )


def minutes(hours: Floats, count: int, rng: np.random.Generator) -> Ints:
    """Minutes of the day, the hours by weight."""
    hour: Ints = rng.choice(24, count, p=hours / hours.sum())
    return hour * 60 + rng.integers(60, size=count)


def _sources(pool: Ints, rows: Ints, day: Ints, rng: np.random.Generator) -> Ints:
    """Most days' sources are the day before's; a tenth of them is new. The first ones send the most."""
    active = np.maximum(1, rows * 4 // 5)
    start = np.append(0, np.cumsum(np.maximum(1, active // 10)))[:-1]
    place = start[day] + (rng.random(len(day)) ** 1.5 * active[day]).astype(np.int64)
    return pool[place % len(pool)]
