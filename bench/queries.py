"""How long figures and pages take over the five months of the real sample: `python -m bench.queries [--repeat N] [--only TEXT]`.

Every view is asked in this process, signed in as a coordinator: first with empty caches ("cold": the cache server's
and the decoded segments of this process), then again ("warm": as closed periods are read). DuckDB answers the same
question over the packets themselves; the ratio is its median ÷ the portal's cold one: above 1 the portal is faster.
Pages hold several figures, so there is nothing in DuckDB beside them. Queries count all but begin and end of transactions.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bench import duck, honeypot
from bench.database import empty_database
from bench.timing import View, collect_static, print_timings, signed_in, time_view

PERIOD = {"from": "2013-03-03", "to": "2013-08-02"}
UNITS = ("packets", "sources", "packets_per_sensor_day", "sources_per_sensor_day", "packets_per_source")
NUMBER = {
    "packets": "count(*)",
    "sources": "count(DISTINCT src)",
    "packets_per_sensor_day": "count(*)",
    "sources_per_sensor_day": "count(DISTINCT (sensor, day, src))",
    "packets_per_source": "count(*) / count(DISTINCT src)",
}
JAPAN_445 = {"ports": "tcp/445", "regions": "JP"}


def views() -> Iterator[View]:
    for unit in UNITS:
        for dimension in ("port", "region", "sensor"):
            yield _ranking(dimension, unit, {"previous": "true"})
        for split in ("none", "port", "region", "sensor", "signature"):
            yield _series(split, unit, "day", {})
    for unit in ("packets", "sources"):
        yield _series("port", unit, "week", {})
        yield _series("region", unit, "month", {})
        yield _series("none", unit, "hour", {})
        yield _series("none", unit, "day", JAPAN_445)
        yield _ranking("port", unit, {"regions": "JP"})
        yield _ranking("region", unit, JAPAN_445)
        yield _ranking("port", unit, {"sensors": "domestic"})
    yield View(
        "sources",
        "sources",
        JAPAN_445,
        _where("SELECT src, count(*), min(seen_at), max(seen_at)", JAPAN_445) + " GROUP BY 1 ORDER BY 2 DESC LIMIT 100",
    )


def pages() -> Iterator[View]:
    for unit in ("packets", "sources"):
        for path in ("/", "/ports/", "/ports/tcp/445/", "/regions/", "/regions/JP/"):
            yield View("page", path, {"unit": unit}, "")
    yield View("page", "/sources/", {}, "")
    yield View("page", "/sources/", JAPAN_445, "")
    yield View("page", "/sensors/", {}, "")


def _ranking(dimension: str, unit: str, filters: dict[str, str]) -> View:
    sql = _where(f"SELECT {dimension}, {NUMBER[unit]} AS value", filters) + " GROUP BY 1 ORDER BY 2 DESC LIMIT 10"
    return View("ranking", "rankings", {"dimension": dimension, "unit": unit, **filters}, sql)


def _series(split: str, unit: str, size: str, filters: dict[str, str]) -> View:
    moment = "date_trunc('hour', seen_at)" if size == "hour" else f"date_trunc('{size}', day)"
    key = {"none": "1", "signature": "is_backscatter"}.get(split, split)
    top = _where(f"SELECT {key} AS key", filters) + " GROUP BY 1 ORDER BY count(*) DESC LIMIT 5"
    sql = (
        f"WITH top AS ({top}) "
        + _where(f"SELECT {key}, {moment}, {NUMBER[unit]}", filters)
        + f" AND {key} IN (SELECT key FROM top) GROUP BY 1, 2"
    )
    return View("series", "series", {"split": split, "unit": unit, "bin": size, **filters}, sql)


def _where(select: str, filters: dict[str, str]) -> str:
    conditions = ["is_counted"]
    conditions += [f"port = '{filters['ports']}'"] if "ports" in filters else []
    conditions += [f"region = '{filters['regions']}'"] if "regions" in filters else []
    conditions += [f"sensor LIKE '%{honeypot.DOMESTIC}%'"] if "sensors" in filters else []
    return f"{select} FROM packet JOIN region_of USING (src) WHERE {' AND '.join(conditions)}"  # noqa: S608


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default="", help="views whose name (page, ranking, series, …) or line contains this")
    options = parser.parse_args()
    with empty_database("queries"):
        started = time.perf_counter()
        packets = honeypot.load()
        collect_static()
        print(f"{packets:,} packets ingested, rolled up and their months closed in {time.perf_counter() - started:.0f} s")
        client, engine = signed_in(), _duck()
        chosen = [view for view in (*pages(), *_source_page(), *views()) if view.has(options.only)]
        if not chosen:
            parser.error(f"no view's line contains {options.only!r}")
        print_timings(map(_with_period, chosen), lambda view: time_view(view, client, engine, options.repeat))


def _with_period(view: View) -> View:
    return replace(view, parameters={**PERIOD, **view.parameters})


def _source_page() -> Iterator[View]:
    """The page of the busiest source of Japan to 445/TCP."""
    from apps.accounts.models import User
    from apps.observations import params, queries

    selection = params.selection_from({**PERIOD, **JAPAN_445}, User.objects.get(username="bench"))
    yield View("page", f"/sources/{queries.sources(selection, limit=1).rows[0].address}/", {}, "")


def _duck() -> Any:
    from apps.common.regions import decode
    from apps.reference.models import Delegation

    rows = Delegation.objects.filter(start_key__lt=1 << 32).values_list("start_key", "end_key", "region")
    engine = duck.load(honeypot.SAMPLE, [(first, last, decode(region)) for first, last, region in rows])
    engine.execute("SET threads = 1")  # a request has one, too
    return engine


if __name__ == "__main__":
    main()
