"""Flows of one reporting day from PostgreSQL into columns."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.common import sourcekeys
from apps.observations.storage.cells import encode, group
from apps.observations.storage.columns import Frame, concat
from apps.observations.storage.hours import day_bounds, hour_and_minute
from apps.observations.storage.pgcopy import EPOCH_2000_US, binary_cursor

# One byte string per sensor and address family, rows of fixed width in it: the driver hands over a few hundred values
# where COPY would hand it one message a row, which takes five times as long (docs/decisions/042).
_FLOWS = """
SELECT sensor_id::int, family(src), string_agg(
    timestamptz_send(bucket) || int8send(packets) || int4send(port) || int2send(protocol) || int2send(signature) || inet_send(src),
    ''::bytea)
FROM observations_flow
WHERE bucket >= %s AND bucket < %s AND sensor_id = ANY(%s)
GROUP BY 1, 2
"""
_INET_HEADER = ("inet", ">u4")  # family, prefix length, flag, number of bytes
_FIXED = [("bucket", ">i8"), ("packets", ">i8"), ("port", ">i4"), ("protocol", ">i2"), ("signature", ">i2"), _INET_HEADER]
_IPV4 = np.dtype([*_FIXED, ("source", ">u4")])
_IPV6 = np.dtype([*_FIXED, ("source", ">u8"), ("host", ">u8")])
_AS_READ = ("sensor", "bucket", "source", "protocol", "port", "signature", "packets")
RAW = ("sensor", "hour", "first", "last", "source", "protocol", "port", "signature", "packets")


def read_flows(day: date, sensor_ids: list[int]) -> tuple[Frame, dict[int, int]]:
    """The flows of these sensors on a reporting day as segment rows (columns `RAW`), summed by hour and sorted by sensor,
    protocol, port, source, hour, signature; and how many flows each sensor had."""
    parts = [_frame(sensor, rows) for sensor, rows in _rows(day, sensor_ids)]
    counts = dict.fromkeys(sensor_ids, 0)
    for part in parts:
        counts[int(part["sensor"][0])] += len(part["sensor"])
    frame = concat(parts, _AS_READ)
    frame["hour"], frame["first"] = hour_and_minute(frame.pop("bucket"), day)
    return by_hour(frame | {"last": frame["first"]}), counts


def by_hour(frame: Frame) -> Frame:
    """One row for each sensor, protocol, port, source, hour and signature."""
    _sources, source = encode(frame["source"])
    keys = [frame["sensor"], frame["protocol"], frame["port"], source, frame["hour"], frame["signature"]]
    rows = group(*keys)
    summed = {name: rows.first(frame[name]) for name in ("sensor", "hour", "source", "protocol", "port", "signature")}
    return summed | {"first": rows.min(frame["first"]), "last": rows.max(frame["last"]), "packets": rows.sum(frame["packets"])}


def _rows(day: date, sensor_ids: list[int]) -> Iterator[tuple[int, NDArray[Any]]]:
    start, end = day_bounds(day)
    with binary_cursor() as cursor:
        for sensor, family, body in cursor.execute(_FLOWS, [start, end, sensor_ids]):
            yield sensor, np.frombuffer(body, _IPV4 if family == 4 else _IPV6)


def _frame(sensor: int, rows: NDArray[Any]) -> Frame:
    source = rows["source"].astype(np.uint64)
    return {
        "sensor": np.full(len(rows), sensor, np.int32),
        "bucket": rows["bucket"].astype(np.int64) + EPOCH_2000_US,
        "source": source if rows.dtype == _IPV4 else sourcekeys.from_ipv6_high(source),
        "protocol": rows["protocol"].astype(np.uint8),
        "port": rows["port"].astype(np.uint16),
        "signature": rows["signature"].astype(np.uint8),
        "packets": rows["packets"].astype(np.int64),
    }
