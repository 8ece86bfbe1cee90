"""Figures and pages over a year of a large network: `python -m bench.analysis [--sensors N] [--days N] [--repeat N] [--only TEXT]`.

A seeded generator writes 6,400 flows a sensor and day straight into segments and counts (a tail of 65,536 ports, sources
never seen again) and the same rows into Parquet files, of which DuckDB is asked the same questions in the same run. Views
that the counts answer are timed over the last quarter and over everything, those with filters that ask more of them apart, views that need
segments over the last quarter.
A second network of a tenth of the sensors shows what the number of sensors costs where none is listed. With `--keep FOLDER`
databases and Parquet files stay, and the next run with that folder measures them again instead of writing them.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.database import empty_database
from bench.timing import Timing, View, collect_static, median, print_summary, print_timings, signed_in, time_long, time_view
from bench.year import build, days_of

FIRST = date(2025, 1, 1)
QUARTER = 91
UNITS = ("packets", "sources", "packets_per_sensor_day", "sources_per_sensor_day", "packets_per_source")
SPLITS = ("none", "port", "region", "signature", "kind", "origin", "panel")
NUMBER = {"packets": "sum(packets)", "sources": "count(DISTINCT source)"}
NUMBER |= {"packets_per_source": "sum(packets) / count(DISTINCT source)"}
TELNET = {"ports": "tcp/23"}


def counted_views(periods: Sequence[dict[str, str]], region: str) -> Iterator[View]:
    """What the counts keep."""
    for period in periods:
        for unit in UNITS:
            yield _ranking("port", unit, period | {"previous": "true"})
            yield _ranking("region", unit, period | {"previous": "true"})
            for split in SPLITS:
                yield View("series", "series", period | {"split": split, "unit": unit})
        yield _distinct(period)
        yield View("series", "series", period | {"split": "region", **TELNET})
        yield View("ranking", "rankings", period | {"dimension": "port", "regions": region})
        for unit in ("packets", "sources"):
            yield View("ranking", "rankings", period | {"dimension": "port", "origin": "foreign", "unit": unit})
        yield View("series", "series", period | {"split": "none", "bin": "hour" if _days(period) <= QUARTER else "week"})
        for path in ("/", "/ports/", "/ports/tcp/23/", "/regions/", f"/regions/{region}/", "/sensors/", "/explorer/", "/map/"):
            yield View("page", path, period)
        for split in SPLITS:
            yield View("page", "/explorer/", period | {"split": split, "unit": "sources"})


def filtered_views(periods: Sequence[dict[str, str]], region: str) -> Iterator[View]:
    """What the counts keep too, with one filter more: half of the sensors, one signature, ports of a region, ports put together."""
    for period in periods:
        for unit in ("packets", "sources"):
            yield View("ranking", "rankings", period | {"dimension": "port", "sensors": "domestic", "unit": unit, "previous": "true"})
            yield View("ranking", "rankings", period | {"dimension": "region", "sensors": "domestic", "unit": unit, "previous": "true"})
            yield View("series", "series", period | {"split": "port", "sensors": "domestic", "unit": unit})
            yield View("series", "series", period | {"split": "region", "signatures": "mirai", "unit": unit})
            yield View("series", "series", period | {"split": "port", "regions": region, "unit": unit})
            yield View("series", "series", period | {"split": "region", "ports": "tcp/23,tcp/2323", "unit": unit})
        for path in ("/", "/ports/", "/ports/tcp/23/"):
            yield View("page", path, period | {"sensors": "domestic"})


def segment_views(period: dict[str, str], region: str) -> Iterator[View]:
    """What only segments can answer."""
    yield View("series", "series", period | {"split": "port", "scanners": "exclude"})
    yield View("ranking", "rankings", period | {"dimension": "port", "unit": "sources", "sensors": "1,2,3"})
    yield View("sources", "sources", period | TELNET | {"regions": region})


def _days(period: dict[str, str]) -> int:
    return (date.fromisoformat(period["to"]) - date.fromisoformat(period["from"])).days


def _ranking(dimension: str, unit: str, parameters: dict[str, str]) -> View:
    return View("ranking", "rankings", {"dimension": dimension, "unit": unit, **parameters}, _ranking_sql(dimension, unit, parameters))


def _ranking_sql(dimension: str, unit: str, period: dict[str, str]) -> str:
    if unit not in NUMBER:
        return ""
    key = {"port": "protocol, port", "region": "region"}[dimension]
    return f"SELECT {key}, {NUMBER[unit]} AS value FROM flow WHERE {_counted(period)} GROUP BY {key} ORDER BY value DESC LIMIT 10"  # noqa: S608


def _distinct(period: dict[str, str]) -> View:
    """All distinct sources of one port."""
    sql = f"SELECT count(DISTINCT source) FROM flow WHERE {_counted(period)} AND protocol = 6 AND port = 23"  # noqa: S608
    return View("distinct", "series", period | {"split": "none", "unit": "sources", "bin": "month", **TELNET}, sql)


def _counted(period: dict[str, str]) -> str:
    return f"day >= '{period['from']}' AND day < '{period['to']}' AND signature NOT IN (4, 5, 6)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sensors", type=int, default=100)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default="", help="views whose name (page, ranking, series, …) or line contains this")
    parser.add_argument("--period", choices=("quarter", "all", "both"), default="both")
    parser.add_argument("--no-duck", action="store_true")
    parser.add_argument("--no-tenth", action="store_true", help="leave out the network of a tenth of the sensors")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what is written, and measure what is there")
    options = parser.parse_args()
    large = _network(options, options.sensors, with_duck=not options.no_duck, with_segments=True)
    if not options.no_tenth:
        small = _network(options, max(1, options.sensors // 10), with_duck=False, with_segments=False)
        _print_ratio(large, small)


def _network(options: argparse.Namespace, sensors: int, *, with_duck: bool, with_segments: bool) -> list[Timing]:
    name = f"{sensors}x{options.days}"
    with empty_database(f"analysis_{name}", kept=bool(options.keep)), _folder(options.keep, name) as folder:
        _written(folder, options.days, sensors, with_duck)
        collect_static()
        client, engine, region = signed_in(), _duck(folder) if with_duck else None, _busiest_region()
        periods = _periods(options.days)
        timed = {"both": periods, "quarter": periods[:1], "all": periods[1:]}[options.period]
        counted = [view for view in counted_views(timed, region) if view.has(options.only)]
        found = print_timings(counted, lambda view: time_view(view, client, engine, options.repeat, duck_repeat=1)) if counted else []
        if with_segments and (filtered := [view for view in filtered_views(timed, region) if view.has(options.only)]):
            print("with filters:")
            print_timings(filtered, lambda view: time_view(view, client, None, options.repeat))
        if with_segments and options.period != "all":
            _time_segments([view for view in segment_views(periods[0], region) if view.has(options.only)], client)
        return found


def _time_segments(views: Sequence[View], client: Any) -> None:
    print("from segments, over a quarter, seconds:")
    for view in views:
        first, jobs, again = time_long(view, client)
        computed = "".join(f" a job of {job.wall / 1000:.1f} (on a processor {job.cpu / 1000:.1f})," for job in jobs)
        print(f"{view!s:75} {first.wall / 1000:.2f},{computed} then {again.wall / 1000:.2f}", flush=True)


@contextmanager
def _folder(keep: Path | None, name: str) -> Iterator[Path]:
    """Where the Parquet files of a network lie."""
    if keep:
        yield keep / name
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / name


def _written(folder: Path, days: int, sensors: int, with_duck: bool) -> None:
    """Writes a network, where no earlier run has."""
    done = folder / "done"
    if done.exists():
        print(f"{sensors} sensors, {days} days as written before; {_sizes()}")
        return
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    build(days_of(FIRST, days), sensors, folder if with_duck else None)
    print(f"{sensors} sensors, {days} days written in {time.perf_counter() - started:.0f} s; {_sizes()}")
    done.touch()


def _periods(days: int) -> list[dict[str, str]]:
    """The last quarter and everything."""
    end = FIRST + timedelta(days=days)
    return [{"from": start.isoformat(), "to": end.isoformat()} for start in (max(FIRST, end - timedelta(days=QUARTER)), FIRST)]


def _busiest_region() -> str:
    from apps.accounts.models import User
    from apps.observations import params, queries
    from apps.observations.figures import Dimension

    selection = params.selection_from({"period": "all"}, User.objects.get(username="bench"))
    return queries.ranking(selection, Dimension.REGION, limit=1).rows[0].key


def _duck(parquet: Path) -> Any:
    import duckdb

    engine = duckdb.connect()
    engine.execute(f"CREATE VIEW flow AS SELECT * FROM read_parquet('{parquet}/*.parquet')")  # noqa: S608
    engine.execute("SET threads = 1")  # a request has one, too
    return engine


def _sizes() -> str:
    from django.db import connection

    tables = [f"observations_{name}" for name in ("networkcount", "sensorcount", "smallcells", "tally", "segment", "recency", "lastseen")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (whole,) = cursor.fetchone()
        cursor.execute("SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relname = ANY(%s) ORDER BY 1", [tables])
        parts = ", ".join(f"{name.removeprefix('observations_')} {size / 1e9:.2f} GB" for name, size in cursor.fetchall())
    return f"database {whole / 1e9:.2f} GB ({parts})"


def _print_ratio(large: Sequence[Timing], small: Sequence[Timing]) -> None:
    """The time of all sensors over that of a tenth, view by view."""
    pairs = [(a, b) for a, b in zip(large, small, strict=True) if a.view.parameters.get("split") != "sensor" and a.view.path != "/sensors/"]
    for name in ("cold", "new", "warm"):
        ratios = [median(getattr(a, name)).cpu / median(getattr(b, name)).cpu for a, b in pairs]
        print(f"all sensors ÷ a tenth of them, {name}, on a processor: median {statistics.median(ratios):.2f}, largest {max(ratios):.2f}")
        print_summary(f"a tenth, {name}", [one for timing in small for one in getattr(timing, name)])


if __name__ == "__main__":
    main()
