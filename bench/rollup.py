"""How fast one large day is rolled up, and what it leaves behind: `python -m bench.rollup [--flows N] [--sensors N]`.

The same day is also summed by plain SQL in PostgreSQL (GROUP BY with count(DISTINCT src), the slices that are complete, no
source sets), so that the result is a ratio on one machine and not a number of seconds.
"""

import argparse
import resource
import time
from datetime import date, timedelta

from bench.database import empty_database
from bench.generator import Flows, day_of_flows

DAY = date(2026, 3, 3)

# What rollup's complete slices hold, the way one would first write it.
_NAIVE = """
CREATE TEMP TABLE naive ON COMMIT DROP AS
SELECT is_overseas, sensor_id, protocol, port, NULL::int AS hour, signature, sum(packets) AS packets, count(DISTINCT src) AS sources
FROM observations_flow JOIN sensors_sensor ON sensors_sensor.id = sensor_id
GROUP BY GROUPING SETS ((is_overseas, signature), (is_overseas, protocol, port, signature),
                        (sensor_id, signature), (sensor_id, protocol, port, signature)),
         is_overseas, sensor_id, protocol, port, signature
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=640_000)
    parser.add_argument("--sensors", type=int, default=100)
    options = parser.parse_args()
    with empty_database("rollup"):
        from apps.observations.rollup import roll_day
        from apps.reference.services import load_shipped_delegations

        load_shipped_delegations()
        load(day_of_flows(options.flows, options.sensors), DAY)
        start = time.perf_counter()
        result = roll_day(DAY)
        seconds = time.perf_counter() - start
        print(f"rollup of {options.flows:,} flows: {seconds:.2f} s, {result.flows:,} segment rows, {result.count_rows:,} count rows")
        print(f"peak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def load(flows: Flows, day: date) -> None:
    """Put a day of flows straight into the table, with its sensors and marks (the API's way in is timed by bench.ingest)."""
    import numpy as np
    from django.db import connection, transaction

    from apps.accounts.models import Organisation
    from apps.observations import partitions, pgcopy
    from apps.observations.hours import day_bounds, microseconds
    from apps.observations.marks import raise_marks
    from apps.observations.ragged import Ragged
    from apps.sensors.models import Sensor

    host, _made = Organisation.objects.get_or_create(name="Bench", defaults={"kind": Organisation.Kind.SENSOR_HOST})
    for number in range(Sensor.objects.count(), int(flows.sensor.max()) + 1):
        Sensor.objects.create(
            name=f"bench-{number}", organisation=host, country="JP", is_overseas=number % 4 == 3, active_from=date(2020, 1, 1)
        )
    ids = np.array(Sensor.objects.order_by("pk").values_list("pk", flat=True), np.int32)
    start, end = day_bounds(day)
    partitions.ensure({start.date(), (end - timedelta(microseconds=1)).date()})
    count = len(flows)
    bucket = pgcopy.instants(microseconds(start) + flows.minute.astype(np.int64) * 60_000_000)
    family4 = np.zeros((count, 4), np.uint8) + np.array([2, 32, 0, 4], np.uint8)
    family6 = np.zeros((count, 4), np.uint8) + np.array([3, 128, 0, 16], np.uint8)
    low, high = flows.source.astype(">u4").view(np.uint8).reshape(count, 4), flows.source.astype(">u8").view(np.uint8).reshape(count, 8)
    with transaction.atomic(), connection.cursor() as cursor:
        for rows, family, address in (
            (~flows.is_ipv6, family4, low),
            (flows.is_ipv6, family6, np.hstack([high, np.zeros((count, 8), np.uint8)])),
        ):
            width = 4 + address.shape[1]
            src = Ragged(np.hstack([family, address])[rows].ravel(), np.full(int(rows.sum()), width, np.int64))
            zero4, zero8 = np.zeros(int(rows.sum()), np.int32), np.zeros(int(rows.sum()), np.int64)
            pgcopy.write(cursor, "observations_flow", {
                "bucket": bucket[rows], "packets": flows.packets[rows], "bytes": flows.packets[rows] * 40, "first_seen": bucket[rows],
                "last_seen": bucket[rows], "batch_id": zero8, "sensor_id": ids[flows.sensor[rows]], "port": flows.port[rows],
                "first_src_port": zero4, "last_src_port": zero4, "protocol": flows.protocol[rows], "signature": flows.signature[rows], "src": src,
            })  # fmt: skip
        raise_marks(cursor, [(int(sensor), day) for sensor in ids])


if __name__ == "__main__":
    main()
