"""How fast one large day is rolled up, and what it leaves behind: `python -m bench.rollup [--flows N] [--sensors N] [--month]`.

The same day is also summed by plain SQL in PostgreSQL (GROUP BY with count(DISTINCT src) by panel, sensor and port; no
regions, hours or source sets), so that the result is a ratio within one run and not a number of seconds.
"""

import argparse
import hashlib
import multiprocessing
import resource
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from bench.database import empty_database
from bench.generator import Flows, day_of_flows

DAY = date(2026, 3, 3)

_NAIVE = """
CREATE TEMP TABLE naive AS
SELECT is_overseas, sensor_id, protocol, port, signature, sum(packets) AS packets, count(DISTINCT src) AS sources
FROM observations_flow JOIN sensors_sensor ON sensors_sensor.id = sensor_id
GROUP BY GROUPING SETS ((is_overseas, signature), (is_overseas, protocol, port, signature),
                        (sensor_id, signature), (sensor_id, protocol, port, signature))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flows", type=int, default=640_000)
    parser.add_argument("--sensors", type=int, default=100)
    parser.add_argument("--month", action="store_true", help="close a month of such days as well (all days alike)")
    options = parser.parse_args()
    with empty_database("rollup"):
        _in_another_process(_prepare, options.flows, options.sensors)
        _day(options.flows)
        _one_sensor()
        if options.month:
            _month()
        print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
    _source_sets()


def _in_another_process(work: Callable[..., None], *args: int) -> None:
    """So that what the generator takes is not counted as rollup's memory."""
    from django.db import connections

    connections.close_all()
    process = multiprocessing.get_context("fork").Process(target=work, args=args)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


def _prepare(flows: int, sensors: int) -> None:
    from apps.reference.services import load_shipped_delegations

    load_shipped_delegations()
    load(day_of_flows(flows, sensors, day=DAY), DAY)


def _day(flows: int) -> None:
    from apps.observations.counting.rollup import roll_day

    query("ANALYZE observations_flow")
    naive = timed(lambda: query(_NAIVE))
    cpu, start = time.process_time(), time.perf_counter()
    result = roll_day(DAY)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    ((size, rows),) = query("SELECT sum(octet_length(body)), sum(rows) FROM observations_segment")
    print(f"rollup of {flows:,} flows: {seconds:.2f} s, {cpu:.2f} s of processor time in this process")
    print(f"plain SQL: {naive:.2f} s, rollup takes {seconds / naive:.2f} times that")
    print(f"segments: {size / 1e6:.2f} MB, {size / flows:.1f} bytes a flow, {rows:,} rows")
    print(f"count rows: {result.count_rows:,}")
    _sizes()
    before = _digest()
    _stale("")
    again = timed(lambda: roll_day(DAY))
    print(f"rolled again: {again:.2f} s, identical: {'yes' if _digest() == before else 'NO'}")


def _sizes() -> None:
    """Of what a day leaves behind, with indexes."""
    tables = ("networkcount", "smallcells", "sensorcount", "tally", "networkhours", "sensorhours", "segment")
    sizes = {table: query(f"SELECT pg_total_relation_size('observations_{table}')")[0][0] for table in tables}
    parts = ", ".join(f"{table} {size / 1e6:.1f}" for table, size in sizes.items())
    print(f"tables: {sum(sizes.values()) / 1e6:.1f} MB a day ({parts})")


def _one_sensor() -> None:
    from apps.observations.counting.rollup import roll_day

    _stale("WHERE sensor_id = (SELECT min(sensor_id) FROM observations_mark)")
    print(f"rolled again for one stale sensor: {timed(lambda: roll_day(DAY)):.2f} s")


def _month() -> None:
    from apps.observations.counting.months import close_month

    month = DAY.replace(day=1)
    query(
        "INSERT INTO observations_segment (sensor_id, day, flows, rows, body) SELECT sensor_id, other::date, flows, rows, body"
        " FROM observations_segment, generate_series(%s::date, %s::date, '1 day') AS other WHERE other::date <> day",
        [month, month + timedelta(days=30)],
    )
    start = time.perf_counter()
    rows = close_month(month)
    print(f"month of 31 such days: {time.perf_counter() - start:.1f} s, {rows:,} count rows")


def _source_sets() -> None:
    from apps.observations.storage import sourcesets

    rng = np.random.default_rng(1)
    population = np.unique(rng.integers(1 << 24, 224 << 24, 300_000).astype(np.uint64))
    days = [sourcesets.encode(np.sort(rng.choice(population, 20_000, replace=False))) for _ in range(92)]
    print(f"union of 92 daily sets of 20,000 sources: {min(timed(lambda: sourcesets.union_count(days)) for _ in range(3)):.3f} s")
    counts = rng.geometric(0.5, 100_000)
    keys = rng.integers(1 << 24, 224 << 24, int(counts.sum())).astype(np.uint64)
    print(f"encoding 100,000 short sets: {min(timed(lambda: sourcesets.encode_many(keys, counts)) for _ in range(3)):.3f} s")


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def query(text: str, parameters: Sequence[date | datetime] | None = None) -> list[tuple]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return cursor.fetchall() if cursor.description else []


def _stale(where: str) -> None:
    query(f"UPDATE observations_mark SET version = version + 1 {where}")


def _digest() -> str:
    """Of everything a rollup writes, but when."""
    digest = hashlib.sha256()
    written = {
        "segment": "sensor_id, day, flows, rows, body",
        "coverage": "sensor_id, day, seconds",
        "sensorcount": "*",
        "networkcount": "*",
        "smallcells": "*",
        "tally": "*",
        "networkhours": "*",
        "sensorhours": "sensor_id, bucket, body",
    }
    for table, columns in written.items():
        rows = f"SELECT md5(row::text) AS row FROM (SELECT {columns} FROM observations_{table}) AS row"
        digest.update(query(f"SELECT md5(string_agg(row, '' ORDER BY row)) FROM ({rows}) AS rows")[0][0].encode())
    return digest.hexdigest()


def load(flows: Flows, day: date) -> None:
    """Put a day of flows straight into the table, with its sensors and marks (the API's way in is timed by bench.ingest)."""
    from django.db import connection, transaction

    from apps.observations.storage import partitions
    from apps.observations.storage.hours import day_bounds
    from apps.observations.storage.marks import raise_marks

    ids = _sensors(int(flows.sensor.max()) + 1)
    start, end = day_bounds(day)
    partitions.ensure({start.date(), (end - timedelta(microseconds=1)).date()})
    with transaction.atomic(), connection.cursor() as cursor:
        for rows in (~flows.is_ipv6, flows.is_ipv6):
            if rows.any():
                _copy(cursor, flows, rows, ids, start)
        raise_marks(cursor, [(int(sensor), day) for sensor in ids])


def _sensors(count: int) -> NDArray[np.int32]:
    from apps.accounts.models import Organisation
    from apps.sensors.models import Sensor

    host, _made = Organisation.objects.get_or_create(name="Bench", defaults={"kind": Organisation.Kind.SENSOR_HOST})
    since = date(2020, 1, 1)
    for number in range(Sensor.objects.count(), count):
        Sensor.objects.create(name=f"bench-{number}", organisation=host, country="JP", is_overseas=number % 4 == 3, active_from=since)
    return np.array(Sensor.objects.order_by("pk").values_list("pk", flat=True)[:count], np.int32)


def _copy(cursor: object, flows: Flows, rows: NDArray[np.bool_], ids: NDArray[np.int32], start: datetime) -> None:
    """The rows of one address family."""
    from apps.observations.storage import pgcopy
    from apps.observations.storage.hours import microseconds
    from apps.observations.storage.ragged import Ragged

    count, is_ipv6 = int(rows.sum()), bool(flows.is_ipv6[rows][0])
    bucket = pgcopy.instants(microseconds(start) + flows.minute[rows].astype(np.int64) * 60_000_000)
    address = np.zeros((count, 20 if is_ipv6 else 8), np.uint8)
    address[:, :4] = (3, 128, 0, 16) if is_ipv6 else (2, 32, 0, 4)  # family, bits, flag, bytes: the form of an inet
    kind, width = (">u8", 8) if is_ipv6 else (">u4", 4)
    address[:, 4 : 4 + width] = flows.source[rows].astype(kind).view(np.uint8).reshape(count, width)
    ports, packets = np.full(count, 40_000, np.int32), flows.packets[rows]
    columns: dict[str, pgcopy.Column] = {
        "bucket": bucket, "packets": packets, "bytes": packets * 40, "first_seen": bucket, "last_seen": bucket,
        "batch_id": np.zeros(count, np.int64), "sensor_id": ids[flows.sensor[rows]], "port": flows.port[rows],
        "first_src_port": ports, "last_src_port": ports, "protocol": flows.protocol[rows], "signature": flows.signature[rows],
        "src": Ragged(address.ravel(), np.full(count, address.shape[1], np.int64)),
    }  # fmt: skip
    pgcopy.write(cursor, "observations_flow", columns)


if __name__ == "__main__":
    main()
