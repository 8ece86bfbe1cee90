"""The generated flows in DuckDB, before the portal has seen them: what every figure of the scenario is compared with."""

import duckdb
import numpy as np
import pyarrow as pa

from apps.common.ports import PortKey
from apps.observations.models import Signature
from apps.portal.yardstick import flows as generated
from apps.portal.yardstick import land, network, t05
from apps.portal.yardstick.flows import Flows

_EPOCH = np.datetime64("1970-01-01")
HOME_POINTS = range(6, 16)


def database(flows: Flows) -> duckdb.DuckDBPyConnection:
    """Table `flow`: sensor, panel, day, hour (Japan), source, region, port, signature, packets, is_excluded."""
    connection = duckdb.connect()
    connection.register("columns", _table(flows))
    connection.execute("CREATE TABLE flow AS SELECT * FROM columns")
    return connection


def _table(flows: Flows) -> pa.Table:
    protocol, port = flows.protocol, flows.port
    keys, which = np.unique(protocol << 16 | port, return_inverse=True)
    names = np.array([str(PortKey(int(key) >> 16, int(key) & 0xFFFF)) for key in keys])
    domestic = np.array([point.country == "JP" for point in network.POINTS])
    return pa.table(
        {
            "sensor": np.array([point.name for point in network.POINTS])[flows.sensor],
            "panel": np.where(domestic[flows.sensor], "domestic", "overseas"),
            "day": (_EPOCH + flows.day).astype("datetime64[D]"),
            "hour": (flows.minute + generated.ZONE_MINUTES) // 60 % 24,
            "source": flows.source,
            "region": _regions(flows),
            "port": names[which],
            "signature": np.array(Signature.labels)[np.searchsorted(sorted(Signature.values), flows.signature)],
            "packets": flows.packets,
            "is_excluded": _is_maintenance(flows),
        }
    )


def _is_maintenance(flows: Flows) -> np.ndarray:
    sensor = HOME_POINTS[t05.SSH_SENSOR]
    return (flows.sensor == sensor) & (flows.protocol == t05.SSH.protocol) & (flows.port == t05.SSH.port)


def _regions(flows: Flows) -> np.ndarray:
    """By the newest snapshot that is not after the day."""
    day, found = _EPOCH + flows.day, np.full(len(flows), "ZZ")
    for snapshot in land.SNAPSHOTS:
        ranges = sorted(snapshot.ranges)
        starts, names = np.array([first for first, _size, _name in ranges]), np.array([name for _first, _size, name in ranges])
        later = day >= np.datetime64(snapshot.day)
        found[later] = names[np.searchsorted(starts, flows.source[later], side="right") - 1]
    return found
