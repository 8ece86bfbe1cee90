"""The card that says how many sources of a view were looked up, its button, and the command that does the same."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.enrichment import tasks
from apps.enrichment.models import Lookup, Network, Priority, State
from tests.cast import make_cast
from tests.observations import sightings
from tests.portal import scene
from tests.registries import forget_pacing

CARD = reverse("portal:looking-up")
ASKERS = {"analyst", "coordinator", "approver"}
BLOCKS = ("1.33.0", "1.33.1", "1.33.2")
PRIVATE = "10.0.0.7"


@pytest.fixture(scope="module")
def crowd(django_db_setup, django_db_blocker):
    """Nine sources of three blocks, three of them to port 445, and a private address."""
    with sightings.kept(django_db_blocker):
        cast = make_cast()
        sightings.delegate("1.33.0.0", "1.33.255.255", "JP")
        sightings.watch_days(cast.sensor, scene.FIRST, scene.LAST)
        for number, block in enumerate(BLOCKS):
            for last in range(3):
                port = "tcp/445" if number == 0 else "tcp/23"
                sightings.see(cast.sensor, scene.at(scene.FIRST), f"{block}.{last + 1}", port, packets=2)
        sightings.roll_up()
        yield cast


@pytest.fixture
def cast(crowd, db, settings, monkeypatch):
    settings.LANGUAGE_CODE = "en"
    forget_pacing()
    monkeypatch.setattr(tasks.look_up, "delay", lambda kind, lookup_id: None)
    return crowd


def client_of(user):
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def card(user, **query):
    return client_of(user).get(CARD, scene.PERIOD | query, headers={"HX-Request": "true"}).content.decode()


def progress(user, **query):
    found = re.search(r"(\d+) of (\d+) sources looked up", card(user, **query))
    assert found
    return int(found[1]), int(found[2])


def post(user, provider="registry", **query):
    parameters = "&".join(f"{name}={value}" for name, value in (scene.PERIOD | query).items())
    return client_of(user).post(f"{CARD}?{parameters}", {"provider": provider})


def answer(address):
    """An answer about an address of a block."""
    network = Network.objects.create(
        start=f"{address[:-1]}0", end=f"{address[:-1]}255", handle="X", registry="apnic", raw={}, fetched_at=timezone.now()
    )
    Lookup.objects.filter(address=address).update(state=State.DONE, network=network, fetched_at=timezone.now(), is_exact=True)


def test_the_card_counts_what_is_known_and_under_way(cast):
    assert progress(cast.analyst) == (0, 9)
    post(cast.analyst)
    page = card(cast.analyst)
    assert "9 under way" in page
    assert 'hx-trigger="every 5s"' in page
    answer("1.33.0.1")
    assert progress(cast.analyst) == (3, 9)  # its neighbours too
    assert progress(cast.analyst, ports="tcp/445") == (3, 3)
    assert progress(cast.analyst, prefix="1.33.0.0/24") == (3, 3)
    assert progress(cast.analyst, prefix="1.33.0.0/23") == (3, 6)


def test_the_button_queues_what_the_view_shows_and_nothing_else(cast):
    assert post(cast.coordinator, ports="tcp/445").status_code == 302
    rows = Lookup.objects.all()
    assert {row.address for row in rows} == {f"1.33.0.{last}" for last in (1, 2, 3)}
    assert {(row.state, row.priority, row.registry) for row in rows} == {(State.QUEUED, Priority.REPORT, "apnic")}
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.actor_name, entry.detail["asked"]) == ("lookups.request", "coordinator", 3)


def test_the_button_of_a_prefix_queues_its_sources(cast):
    page = client_of(cast.analyst).get(reverse("portal:sources"), scene.PERIOD | {"prefix": "1.33.1.0/24"}).content.decode()
    assert f"{CARD}?from=2026-03-02&amp;to=2026-03-16&amp;prefix=1.33.1.0/24" in page
    post(cast.coordinator, prefix="1.33.1.0/24")
    assert {row.address for row in Lookup.objects.all()} == {f"1.33.1.{last}" for last in (1, 2, 3)}


def test_a_second_click_asks_for_nothing_twice_and_goes_on_behind_the_limit(cast, settings):
    settings.LOOKUP_BATCH_LIMIT = 4
    for expected in (4, 8, 9, 9):
        post(cast.analyst)
        assert Lookup.objects.count() == expected


def test_who_may_ask(cast):
    for name, user in cast.people.items():
        Lookup.objects.all().delete()
        status = post(user).status_code
        assert (status == 302, Lookup.objects.exists()) == (name in ASKERS, name in ASKERS)
    assert "Look up these sources" in card(cast.analyst)
    assert "Look up these sources" not in card(cast.auditor)
    assert client_of(cast.partner_a).get(CARD, scene.PERIOD).status_code == 404


@pytest.mark.parametrize("provider", ["", "whois", "registry'; --", "shodan\x00"])
def test_a_provider_there_is_none_of_is_refused(cast, provider):
    assert post(cast.analyst, provider=provider).status_code == 400
    assert not Lookup.objects.exists()


def test_pages_of_sources_and_holders_have_the_card_for_own_staff(cast):
    for name in ("portal:sources", "portal:holders"):
        assert 'id="looking-up"' in client_of(cast.analyst).get(reverse(name), scene.PERIOD).content.decode()
    assert 'id="looking-up"' not in client_of(cast.partner_a).get(reverse("portal:sources"), scene.PERIOD).content.decode()


def test_the_card_takes_few_queries(cast):
    client = client_of(cast.analyst)
    with CaptureQueriesContext(connection) as found:
        client.get(CARD, scene.PERIOD)
    assert len([query for query in found.captured_queries if "SAVEPOINT" not in query["sql"]]) <= 12


def run(*arguments):
    out = StringIO()
    call_command("look_up_sources", "--from", "2026-03-02", "--to", "2026-03-16", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_queues_the_sources_of_a_selection(cast):
    assert run("--ports", "tcp/445", "--regions", "JP").startswith("registry: 3 queued, 0 answered")
    assert run("--limit", "2").startswith("registry: 2 queued")
    assert Lookup.objects.count() == 5
    assert AuditEntry.objects.latest("pk").actor_name == "system"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--ports", "445"], "ports"),
        (["--regions", "Japan"], "regions"),
        (["--providers", "whois"], "provider"),
        (["--limit", "0"], "limit"),
        (["--from", "yesterday"], "from"),
    ],
)
def test_the_command_names_what_is_wrong(cast, arguments, named):
    with pytest.raises(CommandError, match=named):
        run(*arguments)
