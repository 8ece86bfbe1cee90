"""Fixtures that are real servers: a Celery worker, an SMTP server, a browser."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings as django_settings
from django.test import Client

from apps.enrichment import standin
from apps.enrichment.hosts import standin as host_standin
from tests import browsing, mailing, processes
from tests.cast import cast
from tests.debian import need
from tests.registries import forget_pacing

__all__ = ["cast"]

# Files of a minute: begun first, so that with several processes none of them is alone at the end.
LONG = ("test_demo.py", "test_against_duckdb.py", "test_embedded.py", "test_checks.py", "test_yardstick_document.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files whose tests commit come last: they leave the database without the rows that migrations made."""
    committing = {item.path for item in items if _commits(item)}
    items.sort(key=lambda item: (item.path in committing, item.path.name not in LONG))


def _commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction")) or "transactional_db" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def smtp_process() -> Iterator[mailing.MailServer]:
    """One SMTP server for the whole run; tests take `smtp_server`."""
    with mailing.MailServer() as server:
        yield server


@pytest.fixture
def smtp_server(smtp_process: mailing.MailServer, settings) -> mailing.MailServer:
    """A real SMTP server on 127.0.0.1, empty, and the settings pointing at it. `messages` holds what it accepted."""
    smtp_process.reset()
    settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", smtp_process.port
    return smtp_process


@pytest.fixture(scope="session")
def rdap_process() -> Iterator[standin.StandIn]:
    """One RDAP stand-in for the whole run; tests take `registry`."""
    with standin.running() as server:
        yield server


@pytest.fixture
def registry(rdap_process: standin.StandIn, settings) -> standin.StandIn:
    """The RDAP stand-in without faults, the settings pointing at it, and nothing remembered in Redis of earlier look-ups."""
    rdap_process.reset()
    forget_pacing()
    settings.RDAP_HOST_OVERRIDE = rdap_process.host
    return rdap_process


@pytest.fixture(scope="session")
def shodan_process() -> Iterator[host_standin.StandIn]:
    """One stand-in of Shodan and InternetDB for the whole run; tests take `scanner`."""
    with host_standin.running() as server:
        yield server


@pytest.fixture
def scanner(shodan_process: host_standin.StandIn, settings) -> host_standin.StandIn:
    """The stand-in of Shodan and InternetDB without faults, the settings pointing at it with both switched on, and nothing
    remembered in Redis of earlier look-ups."""
    shodan_process.reset()
    forget_pacing()
    settings.SHODAN_API_KEY, settings.INTERNETDB_ENABLED = host_standin.KEY, True
    settings.SHODAN_HOST_OVERRIDE = settings.INTERNETDB_HOST_OVERRIDE = shodan_process.host
    return shodan_process


@pytest.fixture
def registries(registry: standin.StandIn, settings) -> standin.StandIn:
    """The same, asked by WHOIS and as JPNIC and KRNIC too."""
    settings.WHOIS_HOST_OVERRIDE, settings.NIR_HOST_OVERRIDE = registry.whois.host, registry.host
    return registry


@pytest.fixture(scope="session")
def worker_process(
    django_db_setup, smtp_process: mailing.MailServer, rdap_process: standin.StandIn, shodan_process: host_standin.StandIn
) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker on the test database; tests take `celery_worker`."""
    environment = processes.environment(
        SMTP_HOST="127.0.0.1", SMTP_PORT=str(smtp_process.port), RDAP_HOST_OVERRIDE=rdap_process.host,
        SHODAN_API_KEY=host_standin.KEY, SHODAN_HOST_OVERRIDE=shodan_process.host,
    )  # fmt: skip
    command = [sys.executable, "-m", "celery", "-A", "tsubame_portal", "worker", "--concurrency=1", "--loglevel=INFO", "--without-gossip"]
    with processes.running(command, environment, until=processes.worker_answers) as worker:
        yield worker


@pytest.fixture
def celery_worker(worker_process: subprocess.Popen[bytes], transactional_db) -> subprocess.Popen[bytes]:
    """A running Celery worker that sees what the test commits (the test's database is flushed afterwards)."""
    assert worker_process.poll() is None, "the Celery worker has stopped"
    return worker_process


@pytest.fixture(scope="session")
def browser() -> Iterator[browsing.Browser]:
    """Debian's Chromium, one for the whole run."""
    chromium = need("chromium")
    # Playwright's event loop makes Django think that tests are asynchronous; they are not.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with browsing.chromium(chromium) as started:
        yield started


@pytest.fixture
def page(browser: browsing.Browser) -> Iterator[browsing.Page]:
    """A fresh page of 1280×800. The test fails on any CSP violation, console error or failed request; a test that
    provokes one takes `page.problems` (a list of lines) into account and clears it."""
    with browsing.watched_page(browser) as opened:
        yield opened


@pytest.fixture
def sign_in(page: browsing.Page, live_server) -> Callable[[object], None]:
    """`sign_in(user)` gives the page that user's session on `live_server`."""

    def as_user(user) -> None:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])

    return as_user
