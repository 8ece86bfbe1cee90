"""How fast delegations are loaded and looked up: `python -m bench.reference [FILE… --date YYYY-MM-DD]`.

Without files the shipped snapshot is loaded. Loading is compared with a bare COPY of the same rows into an unindexed
table, looking up with a sort of the same keys, so that both are ratios on one machine.
"""

import argparse
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.database import empty_database

KEYS = 1_000_000
SEED = 20181013


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--date", type=date.fromisoformat, default=date(2018, 10, 13))
    options = parser.parse_args()
    with empty_database("reference"):
        load(options.files, options.date)
        look_up(options.date)


def load(paths: list[Path], day: date) -> None:
    from apps.reference import delegation_files, services, shipped

    files, reading = timed(lambda: [delegation_files.read(path) for path in paths] if paths else shipped.unpack()[1])
    rows = sum(file.rows.num_rows for file in files)
    _, bare = timed(lambda: bare_copy(pa.concat_tables(file.rows for file in files)))
    _, first = timed(lambda: services.load(files=files, day=day))
    _, again = timed(lambda: services.load(files=files, day=day))
    print(f"{rows:,} delegations: read {reading:.2f} s, bare COPY {bare:.2f} s")
    print(f"first load {first:.2f} s = {first / bare:.1f} × bare COPY; the same again {again:.2f} s = {again / bare:.2f} ×")


def bare_copy(table: pa.Table) -> None:
    from django.db import connection, transaction

    from apps.reference.differences import copy_in
    from apps.reference.snapshots import KIND

    with transaction.atomic(), connection.cursor() as cursor:
        copy_in(cursor, KIND, table)
        cursor.execute("DROP TABLE said")


def look_up(day: date) -> None:
    from apps.reference import regions

    regions.maps.forget()
    found, cold = timed(lambda: regions.region_map_for(day))
    _, warm = timed(lambda: regions.region_map_for(day))
    keys = np.random.default_rng(SEED).integers(0, 1 << 32, KEYS, dtype=np.uint64)
    _, looked = timed(lambda: found.lookup(keys))
    _, sorting = timed(lambda: np.sort(keys))
    _, in_order = timed(lambda: found.lookup(np.sort(keys)))
    print(f"region map of {len(found.regions.bounds):,} steps: {cold:.2f} s from the database, {1000 * warm:.1f} ms when kept")
    print(f"{KEYS:,} random keys: {looked:.3f} s = {looked / sorting:.1f} × a sort of them; sorted, sort included, {in_order:.3f} s")


def timed(work: Callable):
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


if __name__ == "__main__":
    main()
