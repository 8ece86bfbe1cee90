"""How fast a full table of routes is loaded and looked up: `python -m bench.routes [FILE… --date YYYY-MM-DD]`.

Without files a table of a million IPv4 and 250,000 IPv6 prefixes is made up. Loading is compared with a bare COPY of the
same rows into an unindexed table; looking up with a sort of the same keys, with DuckDB joining the same table once per
prefix length, and with a Python loop over dictionaries by prefix length, so that all are ratios on one machine.
"""

import argparse
import gzip
import resource
import tempfile
from datetime import date, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from bench.database import empty_database
from bench.reference import timed

DAY = date(2026, 11, 1)
KEYS = 1_000_000
KEYS_OF_LOOP = 100_000
SEED = 64500
SYSTEMS = 80_000
# About the shares of prefix lengths in a table of RouteViews.
IPV4 = {16: 15_000, 18: 15_000, 19: 27_000, 20: 47_000, 21: 55_000, 22: 120_000, 23: 110_000, 24: 700_000}
IPV6 = {29: 6_000, 32: 35_000, 36: 15_000, 40: 30_000, 44: 40_000, 48: 140_000}

# The key cut to each length there is.
LONGEST_PREFIX = """
SELECT place, arg_max(asn, length) AS asn
FROM (SELECT place, length, (key >> (32 - length)) << (32 - length) AS start FROM asked, lengths) JOIN routes USING (length, start)
GROUP BY place
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--date", type=date.fromisoformat, default=DAY)
    options = parser.parse_args()
    with empty_database("routes"), tempfile.TemporaryDirectory() as folder:
        files = options.files or write_tables(Path(folder), changed=0)
        load(files, options.date)
        if not options.files:
            _, next_day = timed(lambda: _load(write_tables(Path(folder), changed=20_000), options.date + timedelta(days=1)))
            print(f"the next day, 20,000 prefixes with other origins: {next_day:.1f} s, writing the files included")
        look_up(options.date)


def write_tables(folder: Path, changed: int) -> list[Path]:
    """A table of each family; `changed` IPv4 prefixes have origins of their own."""
    random = np.random.default_rng(SEED)
    paths = []
    for name, lengths, bits in (("v4", IPV4, 32), ("v6", IPV6, 64)):
        prefixes = [prefix for length, count in lengths.items() for prefix in _drawn(random, length, count, bits)]
        origins = random.integers(1, SYSTEMS, len(prefixes))
        origins[: changed if bits == 32 else 0] += SYSTEMS
        paths.append(folder / f"{name}.pfx2as.gz")
        with gzip.open(paths[-1], "wt", compresslevel=1) as file:
            file.writelines(f"{_text(start, bits)}\t{length}\t{asn}\n" for (start, length), asn in zip(prefixes, origins, strict=True))
    return paths


def _drawn(random: np.random.Generator, length: int, count: int, bits: int) -> list[tuple[int, int]]:
    """Prefixes of one length inside 1.0.0.0 to 223.255.255.255, or 2400::/8, where many lie in shorter ones."""
    low, high = (1 << 24, 224 << 24) if bits == 32 else (0x2400 << 48, 0x2420 << 48)
    shift = bits - length
    starts = random.integers(low >> shift, high >> shift, count * 2, dtype=np.uint64)
    return [(start << shift, length) for start in np.unique(starts)[np.sort(random.permutation(len(np.unique(starts)))[:count])].tolist()]


def _text(start: int, bits: int) -> str:
    return str(IPv4Address(start)) if bits == 32 else str(IPv6Address(start << 64))


def _load(paths: list[Path], day: date):
    from apps.reference.services import load_routes

    return load_routes(paths=paths, day=day)


def load(paths: list[Path], day: date) -> None:
    from apps.reference import route_files

    files, reading = timed(lambda: [route_files.read(path) for path in paths])
    tables = [table for file in files for table in file.tables.values()]
    _, bare = timed(lambda: bare_copy(pa.concat_tables(tables)))
    _, first = timed(lambda: _load(paths, day))
    _, again = timed(lambda: _load(paths, day))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{sum(table.num_rows for table in tables):,} prefixes: read {reading:.1f} s, bare COPY {bare:.1f} s")
    print(
        f"first load {first:.1f} s, reading included, = {first / bare:.1f} × bare COPY; the same again {again:.1f} s; peak {peak:.0f} MiB"
    )


def bare_copy(table: pa.Table) -> None:
    from django.db import connection, transaction

    from apps.reference.differences import copy_in
    from apps.reference.routes import KIND

    with transaction.atomic(), connection.cursor() as cursor:
        copy_in(cursor, KIND, table)
        cursor.execute("DROP TABLE said")


def look_up(day: date) -> None:
    from apps.reference import routing

    maps, cold = timed(lambda: routing.maps_for(day))
    _, warm = timed(lambda: routing.maps_for(day))
    ipv4 = maps[0]
    kept = sum(
        part.nbytes for one in maps for part in (*vars(one.owners).values(), one.routes.starts, one.routes.lengths, one.routes.codes)
    )
    keys = np.random.default_rng(SEED).integers(0, 1 << 32, KEYS, dtype=np.uint64)
    found, looked = timed(lambda: routing.origins_of(keys, day))
    _, sorting = timed(lambda: np.sort(keys))
    print(f"maps of {sum(len(one.owners.bounds) for one in maps):,} steps: {cold:.1f} s, {1000 * warm:.1f} ms when kept, {kept >> 20} MiB")
    print(f"{KEYS:,} random IPv4 keys: {looked:.2f} s = {looked / sorting:.1f} × a sort; {np.mean(found.asns > 0):.0%} routed")
    compare_duckdb(ipv4, keys, found, looked)
    compare_loop(ipv4, keys[:KEYS_OF_LOOP], found, looked)


def compare_duckdb(ipv4, keys, found, looked: float) -> None:
    """The longest prefix by SQL: a join on the key cut to each length there is."""
    wide = ipv4.routes.lengths.astype(np.int64)
    routes = pa.table({"start": ipv4.routes.starts.astype(np.int64), "length": wide, "asn": ipv4.first_asns[ipv4.routes.codes]})
    asked = pa.table({"key": keys.astype(np.int64), "place": np.arange(len(keys))})
    lengths = pa.table({"length": np.unique(wide)})
    database = duckdb.connect()
    for name, table in (("routes", routes), ("asked", asked), ("lengths", lengths)):
        database.register(name, table)
    answer, took = timed(lambda: database.execute(LONGEST_PREFIX).fetchnumpy())
    theirs = np.zeros(len(keys), np.uint32)
    theirs[answer["place"]] = answer["asn"]
    assert (theirs == found.asns).all()
    print(f"DuckDB on the same table and keys: {took:.2f} s = {took / looked:.0f} × ours, with the same answers")


def compare_loop(ipv4, keys, found, looked: float) -> None:
    """What one would write in plain Python: a dictionary of prefixes, asked for each length from the longest on."""
    asns = ipv4.first_asns[ipv4.routes.codes].tolist()
    routes = dict(zip(zip(ipv4.routes.lengths.tolist(), ipv4.routes.starts.tolist(), strict=True), asns, strict=True))
    shifts = [(length, 32 - length) for length in sorted(set(ipv4.routes.lengths.tolist()), reverse=True)]
    answer, took = timed(
        lambda: [next((routes[n, key >> s << s] for n, s in shifts if (n, key >> s << s) in routes), 0) for key in keys.tolist()]
    )
    assert answer == found.asns[: len(keys)].tolist()
    ours = looked * len(keys) / KEYS
    print(f"a Python loop over {len(keys):,} of them: {took:.2f} s = {took / ours:.0f} × ours, with the same answers")


if __name__ == "__main__":
    main()
