"""Packets of a log, as columns, and their flows. Every importer ends here; what differs is how a log is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from apps.observations.intake.frames import MISSING
from apps.observations.intake.wire import BUCKET_S

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Packets:
    """One element a packet. `sensor` numbers `sensors`; `at` is Unix milliseconds; `src` is IPv4 as an integer;
    `port` as in apps.common.ports; `src_port` MISSING where there is none."""

    sensors: tuple[str, ...]
    sensor: Ints
    at: Ints
    src: Ints
    protocol: Ints
    port: Ints
    src_port: Ints
    digest: str  # SHA-256 of the log, in hexadecimal
    skipped: Mapping[str, int] = field(default_factory=dict)  # why → rows of the log that are no packets

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True)
class PacketFlows:
    """The flows of one sensor in order of their minute; columns as in the wire format."""

    columns: dict[str, Ints]

    def __len__(self) -> int:
        return len(self.columns["bucket"])

    def __getitem__(self, name: str) -> Ints:
        return self.columns[name]

    def part(self, rows: slice) -> "PacketFlows":
        return PacketFlows({name: values[rows] for name, values in self.columns.items()})


def flows_by_sensor(packets: Packets) -> dict[str, PacketFlows]:
    """Count packets into flows by minute, source, protocol and port. Equal rows are packets like any other."""
    minute = packets.at // (BUCKET_S * 1000) * BUCKET_S
    keys = (packets.sensor, minute, packets.src, packets.protocol, packets.port)
    order = np.lexsort((packets.at, *reversed(keys)))  # the last key is the first to sort by
    changes = np.logical_or.reduce([np.diff(key[order], prepend=-1) != 0 for key in keys]) if len(packets) else np.zeros(0, bool)
    starts = np.flatnonzero(changes)
    ends = np.append(starts[1:], len(order)) - 1
    first, last = order[starts], order[ends] if len(starts) else order[starts]
    columns = {
        "bucket": minute[first],
        "src": packets.src[first],
        "protocol": packets.protocol[first],
        "port": packets.port[first],
        "packets": ends[: len(starts)] - starts + 1,
        "first_seen": packets.at[first],
        "first_src_port": packets.src_port[first],
        "last_seen": packets.at[last],
        "last_src_port": packets.src_port[last],
    }
    sensor = packets.sensor[first]
    edges = np.searchsorted(sensor, np.arange(len(packets.sensors) + 1))
    whole = PacketFlows(columns)
    return {name: whole.part(slice(edges[n], edges[n + 1])) for n, name in enumerate(packets.sensors)}


def missing(count: int) -> Ints:
    return np.full(count, MISSING)
