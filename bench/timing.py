"""Asking the portal for figures and pages in this process, with empty caches and again, beside DuckDB."""

import os
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


@dataclass(frozen=True)
class View:
    """A page (`path` is its address) or an API answer (`path` is its name); `sql` asks DuckDB the same, '' asks nothing."""

    name: str
    path: str
    parameters: dict[str, str]
    sql: str = ""

    @property
    def url(self) -> str:
        return self.path if self.path.startswith("/") else f"/api/v1/{self.path}/"

    def has(self, text: str) -> bool:
        """Whether its line, or its name before that, contains a text."""
        return text in f"{self.name} {self}"

    def __str__(self) -> str:
        return f"{self.path} " + " ".join(f"{name}={value}" for name, value in self.parameters.items() if name not in ("from", "to"))


@dataclass(frozen=True)
class Timing:
    """What each asking took: of a process that has just started, of one that knows the sensor-days of the period from other questions
    (new), of one that has given this answer before (warm). `queries` cold and warm."""

    view: View
    cold: list["Spent"]
    new: list["Spent"]
    warm: list["Spent"]
    duck: list["Spent"]
    queries: tuple[int, int]


class Spent(NamedTuple):
    """Milliseconds until the answer, and those of them on a processor, here and in the database: on a machine that does
    nothing else nearly the same, on a busy one what would be left of the first without the others."""

    wall: float
    cpu: float


def signed_in() -> Any:
    """A client that acts for somebody of the own CSIRT, in a process like those that serve the portal."""
    from django.conf import settings
    from django.test import Client

    from apps.accounts.models import Organisation, Role, User
    from tsubame_portal.settled import settle

    settle()
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    settings.CACHES["default"]["KEY_PREFIX"] = "tsubame-bench"
    own, _made = Organisation.objects.get_or_create(name="Own CSIRT", defaults={"kind": Organisation.Kind.OWN_CSIRT})
    user, _made = User.objects.get_or_create(username="bench", defaults={"organisation": own, "roles": [Role.ANALYST]})
    client = Client()
    client.force_login(user)
    return client


def collect_static() -> None:
    """Pages name static files by their digests, as `manage.py serve` has them collected."""
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)


def time_view(view: View, client: Any, engine: Any, repeat: int, duck_repeat: int | None = None) -> Timing:
    def ask() -> None:
        answer = client.get(view.url, view.parameters)
        if answer.status_code != 200:
            raise SystemExit(f"{view}: {answer.status_code} {answer.content!r}")

    ask()
    cold, new = [], []
    for _ in range(repeat):
        forget()
        cold.append(spent(ask))
        forget_answers()
        new.append(spent(ask))
    forget()
    counts = queries_of(ask), queries_of(ask)
    warm = [spent(ask) for _ in range(repeat)]
    times = duck_repeat or repeat
    in_duck = [spent(lambda: engine.execute(view.sql).fetchall()) for _ in range(times)] if view.sql and engine else []
    return Timing(view, cold, new, warm, in_duck, counts)


def time_long(view: View, client: Any) -> tuple[Spent, list[Spent], Spent]:
    """The first answer; what is computed after it while that is all it says, in turn; the answer then, from empty caches."""
    from apps.observations.computing import advance
    from apps.observations.models import Computation

    def ask() -> int:
        status = client.get(view.url, view.parameters).status_code
        if status not in (200, 202):
            raise SystemExit(f"{view}: {status}")
        return int(status)

    def compute() -> None:
        for computation in Computation.objects.filter(state__in=Computation.UNFINISHED):
            while advance(computation.pk, limit_s=15):
                pass

    forget()
    first = spent(ask)
    jobs: list[Spent] = []
    while ask() == 202 and len(jobs) < 5:
        jobs.append(spent(compute))
    forget()
    return first, jobs, spent(ask)


def forget() -> None:
    """Empty caches: the cache server's, and the decoded segments and sensor-days of this process."""
    from apps.observations.planning import watch

    forget_answers()
    watch.kept.forget()


def forget_answers() -> None:
    """The same but for sensor-days, of which a question that is new needs those of the one before."""
    from django.core.cache import cache

    from apps.observations.planning import segmentcache

    cache.clear()
    segmentcache.forget()


def queries_of(ask: Callable[[], None]) -> int:
    """How many statements an asking takes, all but begin and end of transactions."""
    from django.db import connection

    asked: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        ask()
    return sum(not sql.startswith(("SAVEPOINT", "RELEASE", "SET ")) for sql in asked)


def spent(work: Callable[[], object]) -> Spent:
    processes = os.getpid(), backend()
    began, wall = [on_processor(process) for process in processes], time.perf_counter()
    work()
    wall = time.perf_counter() - wall
    return Spent(wall * 1000, (sum(on_processor(process) for process in processes) - sum(began)) / 1e6)


def backend() -> int:
    """The process that serves this connection of the database."""
    from django.db import connection

    connection.ensure_connection()
    return int(connection.connection.info.backend_pid)


def on_processor(process: int) -> int:
    """Nanoseconds that the main thread of a process has run."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0])


def print_timings(views: Iterable[View], time_one: Callable[[View], Timing]) -> list[Timing]:
    """Times one view after the other, a line for each as soon as it is known, and sums up."""
    print("milliseconds until the answer / on a processor; ratio of the latter")
    print(f"{'view':75} {'cold':>13} {'new':>13} {'warm':>13} {'DuckDB':>13} {'ratio':>6} {'queries':>8}")
    found = []
    for view in views:
        found.append(time_one(view))
        print(_line(found[-1]), flush=True)
    for name in ("cold", "new", "warm", "duck"):
        print_summary(name, [ms for timing in found for ms in getattr(timing, name)])
    print(f"most queries: cold {max(t.queries[0] for t in found)}, warm {max(t.queries[1] for t in found)}")
    return found


def median(times: Sequence[Spent]) -> Spent:
    return Spent(statistics.median(one.wall for one in times), statistics.median(one.cpu for one in times))


def _line(timing: Timing) -> str:
    cold, new, warm = median(timing.cold), median(timing.new), median(timing.warm)
    other = median(timing.duck) if timing.duck else None
    beside = f"{'–':>13} {'–':>6}" if other is None else f"{_pair(other)} {other.cpu / cold.cpu:6.2f}"
    return f"{str(timing.view):75} {_pair(cold)} {_pair(new)} {_pair(warm)} {beside} {f'{timing.queries[0]}/{timing.queries[1]}':>8}"


def _pair(one: Spent) -> str:
    return f"{one.wall:6.0f}/{one.cpu:6.1f}"


def print_summary(name: str, times: Sequence[Spent]) -> None:
    for what, values in (("", [one.wall for one in times]), (" on a processor", [one.cpu for one in times])):
        if times:
            print(f"{name}{what}: median {statistics.median(values):.1f} ms, p95 {sorted(values)[int(len(values) * 0.95)]:.1f} ms")
