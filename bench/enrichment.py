"""Look-ups of many sources: `python -m bench.enrichment [--sources 10000] [--blocks 2000] [--per-minute 600] [--tasks 50000]`.

Everything is on 127.0.0.1: a Celery worker of four processes, and a registry and a scanning service that enforce their limits
themselves: they count, answer 429 to what is too much, and the most that they saw in any minute is printed. Four parts:

1. a batch of sources of one registry, several in each /24: queries to the registry beside distinct /24, the most in any minute
   beside the limit, and tickets that come in the middle;
2. the daily budget of the scanning service, asked by four processes as fast as they can;
3. what a page does with a list of 5,000 sources that are known, beside one plain join of the same rows;
4. resident memory of the worker over many tasks: one in ten is a whole look-up, the others are messages about rows that have
   ended. It stops after --minutes and says how many tasks that were.

Part 1 takes about blocks / per-minute minutes; parts 1, 2 and 4 are each given up after --minutes.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil

WORKERS = 4
BUDGET, RESERVE = 40, 10
LIST = 5_000
REPEAT = 20


class Counting(ThreadingHTTPServer):
    """A provider that answers `answer(address)` and enforces a limit of its own: `per_minute` in any sixty seconds and, where
    there is one, `per_day`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer: Callable[[str], object], per_minute: int, per_day: int | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer, self.per_minute, self.per_day = answer, per_minute, per_day
        self.times: list[float] = []
        self.addresses: list[str] = []
        self.refused = 0
        self.lock = threading.Lock()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def admit(self, address: str) -> bool:
        with self.lock:
            now = time.monotonic()
            self.times.append(now)
            self.addresses.append(address)
            is_too_much = sum(1 for _ in self._since(now - 60)) > self.per_minute or len(self.times) > (self.per_day or 10**9)
            self.refused += is_too_much
            return not is_too_much

    def _since(self, begin: float) -> Iterator[float]:
        for at in reversed(self.times):
            if at <= begin:
                return
            yield at

    def most_in_a_minute(self) -> int:
        first, most = 0, 0
        for last, at in enumerate(self.times):
            while self.times[first] <= at - 60:
                first += 1
            most = max(most, last - first + 1)
        return most


class _Handler(BaseHTTPRequestHandler):
    server: Counting

    def do_GET(self) -> None:
        address = self.path.rpartition("/")[2].partition("?")[0]
        is_admitted = self.server.admit(address)
        body = json.dumps(self.server.answer(address) if is_admitted else {"errorCode": 429}).encode()
        self.send_response(200 if is_admitted else 429)
        self.send_header("Content-Type", "application/rdap+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def served(answer: Callable[[str], object], per_minute: int, per_day: int | None = None) -> Iterator[Counting]:
    with Counting(answer, per_minute, per_day) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def network_of(address: str) -> dict[str, object]:
    """A registry's answer: the /24 around the address, of one of two hundred holders."""
    block = address.rpartition(".")[0]
    holder = sum(map(int, block.split("."))) % 200
    vcard = ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", f"Holder {holder}"], ["kind", {}, "text", "org"]]]
    return {
        "objectClassName": "ip network",
        "handle": f"{block}.0 - {block}.255",
        "startAddress": f"{block}.0",
        "endAddress": f"{block}.255",
        "ipVersion": "v4",
        "name": f"NET-{holder}",
        "country": "JP",
        "entities": [{"objectClassName": "entity", "handle": f"ORG-{holder}", "roles": ["registrant"], "vcardArray": vcard}],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--blocks", type=int, default=2_000, help="distinct /24 of the sources")
    parser.add_argument("--per-minute", type=int, default=600, help="the registry's limit, which should bind in the middle of part 1")
    parser.add_argument("--tasks", type=int, default=50_000, help="of the memory run")
    parser.add_argument("--parts", default="1234", help="which of the four")
    parser.add_argument("--minutes", type=float, default=10, help="each long part at most")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(network_of, options.per_minute) as registry:
        os.environ |= _settings(folder, registry)
        from bench.database import empty_database

        with empty_database("enrichment"):
            _prepare()
            if "3" in options.parts:
                _list()
            with _worker() as worker:
                if "1" in options.parts:
                    _batch(registry, options)
                if "2" in options.parts:
                    _budget(options.minutes)
                if "4" in options.parts:
                    _memory(worker, registry, options)


def _settings(folder: str, registry: Counting) -> dict[str, str]:
    """Servers of its own, so that nothing else reads the queue."""
    return {
        "TSUBAME_VAR": folder,
        "RDAP_HOST_OVERRIDE": registry.host,
        "RDAP_QUERIES_PER_MINUTE": str(registry.per_minute),
        "WHOIS_ENABLED": "false",
        "NIR_ENABLED": "false",
        "SHODAN_DAILY_BUDGET": str(BUDGET),
        "SHODAN_TICKET_RESERVE": str(RESERVE),
        "SHODAN_QUERIES_PER_MINUTE": "50",
        "SHODAN_API_KEY": "bench",
        "SHODAN_HOST_OVERRIDE": registry.host,
        "LOG_LEVEL": "ERROR",
    }


def _prepare() -> None:
    """Delegations in which all sources are of one registry."""
    from datetime import date

    from django.db import transaction

    from apps.reference import delegation_files, snapshots

    lines = ["2|apnic|20181013|1|19830101|20181013|+0000", "apnic|JP|ipv4|1.32.0.0|1048576|20100101|allocated|opaque", ""]
    file = delegation_files.parse("apnic", "\n".join(lines).encode())
    with transaction.atomic():
        snapshots.put(file.registry, date(2018, 10, 13), file.rows)


@contextmanager
def _worker() -> Iterator[psutil.Process]:
    """A worker on the benchmark's database, and beat, whose dispatch each five seconds ends a pause."""
    from django.db import connection

    from tsubame_portal import embedded

    url = embedded.database_url().rpartition("/")[0] + "/" + connection.settings_dict["NAME"]
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "REDIS_URL": embedded.redis_url(),
        "DJANGO_SETTINGS_MODULE": "tsubame_portal.settings",
    }
    celery = [sys.executable, "-m", "celery", "-A", "tsubame_portal"]
    schedule = Path(os.environ["TSUBAME_VAR"]) / "beat"
    commands = [
        [*celery, "worker", f"--concurrency={WORKERS}", "--loglevel=ERROR", "--without-gossip", "--without-mingle"],
        [*celery, "beat", "--loglevel=ERROR", "--schedule", str(schedule)],
    ]
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in commands]
    try:
        yield psutil.Process(processes[0].pid)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)


def _wait(condition: Callable[[], bool], minutes: float, every_s: float = 0.5) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + 60 * minutes
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True


def _batch(registry: Counting, options: argparse.Namespace) -> None:
    from django.db.models import F, Max

    from apps.enrichment.models import UNDER_WAY, Lookup, Priority
    from apps.enrichment.services import request_lookup, request_many

    blocks = [f"1.{32 + number // 256}.{number % 256}" for number in range(options.blocks)]
    sources = [f"{blocks[number % len(blocks)]}.{1 + number // len(blocks)}" for number in range(options.sources)]
    began = time.perf_counter()
    counts = request_many(sources)
    print(f"1. {counts.asked:,} sources of {len(blocks):,} /24 queued in {time.perf_counter() - began:.2f} s")
    _wait(lambda: len(registry.times) > options.blocks // 4, options.minutes)
    tickets = [request_lookup(address=f"1.47.{number}.9", exact=True, priority=Priority.TICKET).pk for number in range(10)]
    has_ended = _wait(lambda: not Lookup.objects.filter(state__in=UNDER_WAY).exists(), options.minutes)
    waited = Lookup.objects.filter(pk__in=tickets).aggregate(longest=Max(F("fetched_at") - F("queued_at")))
    states = Lookup.objects.values_list("state", flat=True)
    done, queries = sum(state == "done" for state in states), len(registry.addresses) - len(tickets)
    took = time.perf_counter() - began
    print(f"   {'all ended' if has_ended else 'NOT all ended'} after {took:.0f} s: {done:,} of {len(states):,} look-ups answered")
    print(f"   {queries:,} queries, {queries / len(blocks):.3f} for each /24 (wanted: at most 1)")
    print(f"   most in any minute {registry.most_in_a_minute():,}, limit {options.per_minute:,}; answered with 429: {registry.refused}")
    print(f"   ten tickets in the middle were answered after {waited['longest'].total_seconds():.1f} s at the latest")


def _budget(minutes: float) -> None:
    """Four processes ask as fast as they can, each fourth time for a ticket; nothing but the gate holds them back."""
    from django.db import connections

    with served(lambda address: {}, per_minute=60, per_day=BUDGET) as service:
        connections.close_all()
        until = time.time() + 60 * min(minutes, 2)
        fork = multiprocessing.get_context("fork")
        askers = [fork.Process(target=_ask_until, args=(service.host, until)) for _ in range(WORKERS)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        from apps.enrichment.models import ProviderDay

        day = ProviderDay.objects.get(provider="shodan")
        gaps = [later - earlier for earlier, later in zip(service.times, service.times[1:], strict=False)]
        others = day.asked - day.asked_for_tickets
        print(f"2. budget {BUDGET}, of it {RESERVE} for tickets: {day.asked} queries counted, {len(service.times)} arrived")
        print(f"   {others} were not for tickets (wanted: at most {BUDGET - RESERVE}); answered with 429: {service.refused}")
        print(f"   most in any minute {service.most_in_a_minute()}, limit 50; shortest time between two {min(gaps):.2f} s")


def _ask_until(host: str, until: float) -> None:
    from apps.enrichment import providers
    from apps.enrichment.failures import LookupFailedError
    from apps.enrichment.models import Priority, State
    from apps.enrichment.providers import NotYetError

    number = 0
    while time.time() < until:
        number += 1
        try:
            with providers.asking("shodan", address="1.33.0.1", priority=Priority.BACKGROUND if number % 4 else Priority.TICKET):
                try:
                    urlopen(f"http://{host}/shodan/host/1.33.0.1", timeout=10).close()
                except HTTPError as error:
                    raise LookupFailedError(State.RATE_LIMITED, "too much") from error
        except NotYetError as wait:
            if wait.seconds > 3600 and number % 4 == 0:
                return  # not even for a ticket
            time.sleep(0.05)
        except LookupFailedError:
            continue


def _list() -> None:
    import numpy as np
    from django.db import connection

    from apps.common import sourcekeys
    from apps.common.ports import PortKey
    from apps.enrichment.holders.behind import holders_of_networks, networks_of
    from apps.enrichment.likeness import scans

    texts = _known()
    keys = np.unique(np.array([sourcekeys.from_address(address) for address in texts], np.uint64))

    def page() -> int:
        networks = networks_of(keys)
        holders = holders_of_networks(np.unique(networks).tolist())
        return sum(int(network) in holders for network in networks.tolist())

    def hosts() -> int:
        return int(scans.looked_up(keys).sum()) and len(scans.scans_of(keys, PortKey.parse("tcp/445")).ids)

    def plain() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT l.address, n.holder, n.name, n.country FROM enrichment_lookup l JOIN enrichment_network n ON n.id = l.network_id "
                "WHERE l.address = ANY(%s::inet[])",
                [texts],
            )
            return len(cursor.fetchall())

    found, of_hosts, rows = page(), hosts(), plain()
    if not found == of_hosts == len(keys):
        raise SystemExit(f"Of {len(keys)} sources {found} have a holder and {of_hosts} a scan; nothing is measured.")
    times = {name: _milliseconds(work) for name, work in (("page", page), ("hosts", hosts), ("plain", plain))}
    middle = {name: statistics.median(some) for name, some in times.items()}
    both, best = middle["page"] + middle["hosts"], min(times["page"]) + min(times["hosts"])
    print(f"3. {len(keys):,} known sources: holders of {found:,} in {middle['page']:.0f} ms")
    print(f"   scans of {of_hosts:,} in {middle['hosts']:.0f} ms")
    print(f"   together {both:.0f} ms, at best {best:.0f} ms (wanted: at most 100)")
    print(f"   {both / middle['plain']:.1f} x one plain join of {rows:,} rows ({middle['plain']:.0f} ms)")


def _known() -> list[str]:
    """Sources, five in a /24, each looked up at the registry and at the scanning service, among as many others."""
    from django.db import connection
    from django.utils import timezone

    from apps.enrichment.holders.assigning import assign
    from apps.enrichment.models import HostLookup, HostService, HostSnapshot, Lookup, Network

    now = timezone.now()
    blocks = [f"1.{40 + number // 250}.{number % 250}" for number in range(2 * LIST // 5)]
    networks = Network.objects.bulk_create(
        Network(start=f"{block}.0", end=f"{block}.255", handle=block, registry="apnic", raw=network_of(f"{block}.1"), fetched_at=now,
                holder=f"Holder {number % 200}", holder_handle=f"ORG-{number % 200}", name=f"NET-{number % 200}", country="JP")
        for number, block in enumerate(blocks)
    )  # fmt: skip
    for network in networks:
        assign(network)
    addresses = [f"{block}.{last}" for block in blocks for last in range(1, 6)]
    of_block = dict(zip(blocks, networks, strict=True))
    Lookup.objects.bulk_create(
        Lookup(address=address, block=f"{block}.0/24", registry="apnic", state="done", network=of_block[block], fetched_at=now)
        for address in addresses
        for block in [address.rpartition(".")[0]]
    )
    snapshots = HostSnapshot.objects.bulk_create(
        HostSnapshot(address=address, provider="shodan", scanned_at=now, fetched_at=now, features=["port:tcp/445"], raw={})
        for address in addresses
    )
    HostService.objects.bulk_create(HostService(snapshot=snapshot, protocol=6, port=445) for snapshot in snapshots)
    HostLookup.objects.bulk_create(
        HostLookup(address=snapshot.address, provider="shodan", state="done", fetched_at=now, snapshot=snapshot) for snapshot in snapshots
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return addresses[:LIST]


def _milliseconds(work: Callable[[], object]) -> list[float]:
    times = []
    for _ in range(REPEAT):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return times


def _memory(worker: psutil.Process, registry: Counting, options: argparse.Namespace) -> None:
    from apps.enrichment import pacing, tasks
    from apps.enrichment.models import Lookup, State

    ended = Lookup.objects.create(address="1.47.255.1", block="1.47.255.0/24", state=State.DONE).pk
    registry.per_minute = 10**9
    real = options.tasks // 10
    _wait(lambda: len(worker.children()) == WORKERS, 1)
    print(f"4. worker, resident: {_resident(worker)} (its main process, then {WORKERS} of work)")
    began, sent = time.monotonic(), 0
    for part in range(10):
        rows = [_row(part * real // 10 + number) for number in range(real // 10)]
        waiting = Lookup.objects.bulk_create(rows)
        for row in waiting:
            tasks.look_up.delay("registry", row.pk)
            for _ in range(9):
                tasks.look_up.delay("registry", ended)
        sent += 10 * len(rows)
        pacing._client().delete(pacing._turns_key("rdap:apnic"))  # so that this part is not the limit's
        is_over = not _wait(_has_ended, options.minutes - (time.monotonic() - began) / 60, 0.2)
        if part in (0, 4, 9) or is_over:
            print(f"   after {sent:,} tasks{' (time is up)' if is_over else ''}: {_resident(worker)}")
        if is_over:
            return
    print(f"   {sent:,} tasks in {time.monotonic() - began:.0f} s, {real:,} of them whole look-ups")


def _row(number: int) -> Any:
    """A look-up as if the dispatcher had handed it, of a block of its own."""
    from django.utils import timezone

    from apps.enrichment.models import Lookup, State

    block = f"1.{32 + number // 256 % 8}.{number % 256}"
    now = timezone.now()
    handed: dict[str, Any] = {"state": State.QUEUED, "queued_at": now, "handed_at": now, "wants_exact": True}
    return Lookup(address=f"{block}.{200 + number // 2048}", block=f"{block}.0/24", registry="apnic", **handed)


def _has_ended() -> bool:
    import redis
    from django.conf import settings

    from apps.enrichment.models import UNDER_WAY, Lookup

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return not client.llen("celery") and not Lookup.objects.filter(state__in=UNDER_WAY).exists()


def _resident(worker: psutil.Process) -> str:
    sizes = [process.memory_info().rss / 2**20 for process in (worker, *worker.children())]
    return " + ".join(f"{size:.0f}" for size in sizes) + " MiB"


if __name__ == "__main__":
    main()
