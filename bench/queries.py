"""How long figures take over the five months of the real sample: `python -m bench.queries [--repeat N] [--only TEXT]`.

Every view is asked through the API (in this process), first with an empty cache ("cold": computed from counts and
segments, the latter decoded once), then again ("warm": as pages of closed periods are read). DuckDB answers the same
question over the packets themselves; the ratio is its median ÷ the portal's cold one: above 1 the portal is faster.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench import duck, honeypot
from bench.database import empty_database

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


@dataclass(frozen=True)
class View:
    name: str
    path: str
    parameters: dict[str, str]
    sql: str

    def __str__(self) -> str:
        return f"{self.path} " + " ".join(f"{name}={value}" for name, value in self.parameters.items())


@dataclass(frozen=True)
class Timing:
    view: View
    cold: list[float]
    warm: list[float]
    duck: list[float]
    queries: tuple[int, int]  # cold, warm


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


def _ranking(dimension: str, unit: str, filters: dict[str, str]) -> View:
    sql = _where(f"SELECT {dimension}, {NUMBER[unit]} AS value", filters) + " GROUP BY 1 ORDER BY 2 DESC LIMIT 10"
    return View("ranking", "rankings", {"dimension": dimension, "unit": unit, **filters}, sql)


def _series(split: str, unit: str, size: str, filters: dict[str, str]) -> View:
    moment = "date_trunc('hour', seen_at)" if size == "hour" else f"date_trunc('{size}', day)"
    key = {"none": "1", "signature": "is_bogon"}.get(split, split)
    top = _where(f"SELECT {key} AS key", filters) + " GROUP BY 1 ORDER BY count(*) DESC LIMIT 5"
    sql = (
        f"WITH top AS ({top}) "
        + _where(f"SELECT {key}, {moment}, {NUMBER[unit]}", filters)
        + f" AND {key} IN (SELECT key FROM top) GROUP BY 1, 2"
    )
    return View("series", "series", {"split": split, "unit": unit, "bin": size, **filters}, sql)


def _where(select: str, filters: dict[str, str]) -> str:
    conditions = ["NOT is_bogon"]
    conditions += [f"port = '{filters['ports']}'"] if "ports" in filters else []
    conditions += [f"region = '{filters['regions']}'"] if "regions" in filters else []
    conditions += [f"sensor LIKE '%{honeypot.DOMESTIC}%'"] if "sensors" in filters else []
    return f"{select} FROM packet JOIN region_of USING (src) WHERE {' AND '.join(conditions)}"  # noqa: S608


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", default="", help="views whose line contains this")
    options = parser.parse_args()
    with empty_database("queries"):
        started = time.perf_counter()
        packets = honeypot.load()
        print(f"{packets:,} packets ingested, rolled up and their months closed in {time.perf_counter() - started:.0f} s")
        client, engine = _client(), _duck()
        found = [_time(view, client, engine, options.repeat) for view in views() if options.only in str(view)]
        _print(found)


def _client() -> Any:
    from django.conf import settings
    from rest_framework.test import APIClient

    from apps.accounts.models import Organisation, User

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    settings.CACHES["default"]["KEY_PREFIX"] = "tsubame-bench"
    own = Organisation.objects.create(name="Own CSIRT", kind=Organisation.Kind.OWN_CSIRT)
    client = APIClient()
    client.force_authenticate(User.objects.create(username="bench", organisation=own))
    return client


def _duck() -> Any:
    from apps.common.regions import decode
    from apps.reference.models import Delegation

    rows = Delegation.objects.filter(start_key__lt=1 << 32).values_list("start_key", "end_key", "region")
    engine = duck.load(honeypot.SAMPLE, [(first, last, decode(region)) for first, last, region in rows])
    engine.execute("SET threads = 1")  # a request has one, too
    return engine


def _time(view: View, client: Any, engine: Any, repeat: int) -> Timing:
    from django.core.cache import cache
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def ask() -> None:
        answer = client.get(f"/api/v1/{view.path}/", {**PERIOD, **view.parameters})
        if answer.status_code != 200:
            raise SystemExit(f"{view}: {answer.content!r}")

    ask()
    cold, counts = [], []
    for _ in range(repeat):
        cache.clear()
        cold.append(_milliseconds(ask))
    for clear in (True, False):
        if clear:
            cache.clear()
        with CaptureQueriesContext(connection) as queries:
            ask()
        counts.append(len(queries))
    warm = [_milliseconds(ask) for _ in range(repeat)]
    in_duck = [_milliseconds(lambda: engine.execute(view.sql).fetchall()) for _ in range(repeat)]
    return Timing(view, cold, warm, in_duck, (counts[0], counts[1]))


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _print(found: list[Timing]) -> None:
    print(f"{'view':75} {'cold ms':>8} {'warm ms':>8} {'DuckDB':>8} {'ratio':>6} {'queries':>8}")
    for timing in found:
        cold, warm, other = (statistics.median(times) for times in (timing.cold, timing.warm, timing.duck))
        queries = f"{timing.queries[0]}/{timing.queries[1]}"
        print(f"{str(timing.view):75} {cold:8.1f} {warm:8.1f} {other:8.1f} {other / cold:6.2f} {queries:>8}")
    for name in ("cold", "warm", "duck"):
        times = sorted(ms for timing in found for ms in getattr(timing, name))
        print(f"{name}: median {statistics.median(times):.1f} ms, p95 {times[int(len(times) * 0.95)]:.1f} ms")
    print(f"most queries: cold {max(t.queries[0] for t in found)}, warm {max(t.queries[1] for t in found)}")


if __name__ == "__main__":
    main()
