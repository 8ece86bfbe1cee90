"""A network's days written straight into segments, counts and coverage, without flows, as rollup writes them.

`build` makes one day after the other in two processes, closes the months and notes when sources were seen before. For DuckDB it
leaves the same rows as one Parquet file a day, in the form in which somebody without the portal would keep flows.
"""

import multiprocessing
import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.generator import Flows, day_of_flows

FLOWS_OF_SENSOR = 6_400  # a day
_PROCESSES = 2


def days_of(first: date, count: int) -> list[date]:
    return [first + timedelta(days=offset) for offset in range(count)]


def build(days: Sequence[date], sensors: int, parquet: Path | None) -> None:
    """The days of a network of so many sensors in a migrated database without sensors."""
    from apps.reference.services import load_shipped_delegations
    from bench.rollup import _sensors

    load_shipped_delegations()
    _sensors(sensors)
    if parquet:
        shutil.rmtree(parquet, ignore_errors=True)
        parquet.mkdir(parents=True)
    _in_processes(_write_day, [(day, sensors, parquet) for day in days])
    _in_processes(_close_month, [(month,) for month in sorted({day.replace(day=1) for day in days})])
    _build_behind()
    _analyze()


def _build_behind() -> None:
    from apps.observations.counting import recency, sensormonths

    sensormonths.keep()
    for _built in recency.build():
        pass


def _in_processes(work: Any, jobs: Sequence[tuple[Any, ...]]) -> None:
    from django.db import connections

    connections.close_all()
    with ProcessPoolExecutor(_PROCESSES, multiprocessing.get_context("fork")) as pool:
        for done in [pool.submit(work, *job) for job in jobs]:
            done.result()


def _close_month(month: date) -> None:
    from apps.observations.counting.months import close_month

    close_month(month)


def _write_day(day: date, sensors: int, parquet: Path | None) -> None:
    """What `rollup.roll_day` does behind the reading of flows."""
    from django.db import connection, transaction

    from apps.observations.counting import rollup
    from apps.observations.counting.flowreads import by_hour
    from apps.observations.counting.labels import labels_of
    from apps.observations.storage.marks import raise_marks
    from apps.sensors.models import Sensor

    ids = list(Sensor.objects.order_by("pk").values_list("pk", flat=True))
    rows = by_hour(_as_read(day_of_flows(FLOWS_OF_SENSOR * sensors, sensors, day=day), np.array(ids, np.int32)))
    labels = labels_of(day, ids)
    labels.add_to(rows)
    counts = np.bincount(np.searchsorted(ids, rows["sensor"]), minlength=len(ids))
    watched = {sensor: np.full(24, 3600, np.int64) for sensor in ids}
    read = rollup.DayRead(day, dict.fromkeys(ids, 1), dict(zip(ids, counts.tolist(), strict=True)), rows, labels, watched)
    with transaction.atomic(), connection.cursor() as cursor:
        raise_marks(cursor, [(sensor, day) for sensor in ids])
        rollup._write(read, rollup._count_rows(read))
    if parquet:
        _keep(rows, day, parquet / f"{day}.parquet")


def _as_read(flows: Flows, ids: NDArray[np.int32]) -> dict[str, NDArray[Any]]:
    """The columns that reading flows from the table gives."""
    from apps.common import sourcekeys

    minute = (flows.minute % 60).astype(np.uint8)
    return {
        "sensor": ids[flows.sensor],
        "hour": (flows.minute // 60).astype(np.uint8),
        "first": minute,
        "last": minute,
        "source": np.where(flows.is_ipv6, sourcekeys.from_ipv6_high(flows.source), flows.source),
        "protocol": flows.protocol.astype(np.uint8),
        "port": flows.port.astype(np.uint16),
        "signature": flows.signature.astype(np.uint8),
        "packets": flows.packets,
    }


def _keep(rows: dict[str, NDArray[Any]], day: date, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    names = ("sensor", "hour", "source", "protocol", "port", "signature", "region", "packets")
    table = pa.table({"day": pa.array(np.full(len(rows["hour"]), day, "datetime64[D]")), **{name: rows[name] for name in names}})
    pyarrow.parquet.write_table(table, path, compression="zstd")


def _analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
