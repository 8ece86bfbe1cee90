"""Same-port listening, common features and feature sets, by page and by API: numbers, people, budgets, and what is refused."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.enrichment.holders.assigning import assign
from apps.enrichment.models import FeatureSet, Lookup, Network, State
from apps.observations.planning import segmentcache
from tests.analysis.crowd import FIRST, QUERY, crowd
from tests.enrichment.likeness.profiles import add_profile, look_up
from tests.portal.test_pages import BUDGET, queries_of, table_rows, text_of

__all__ = ["crowd"]
pytestmark = pytest.mark.django_db

GAME, FEW, SSH = "product:tcp/25565:Minecraft", "derived:few-services", "port:tcp/22"
TELNET = QUERY | {"ports": "tcp/23"}
SAMPLE = "Sample data: invented host profiles"


@pytest.fixture(scope="module")
def known(crowd, django_db_blocker):
    """Sources up to .129 are of one holder, the others of the other. Who is even listens on 23/TCP; of each seven sources one has a
    scan without that port, one an old scan, one nothing."""
    with django_db_blocker.unblock():
        holders = [_holder("198.51.100.100", "198.51.100.129", "Hosting H"), _holder("198.51.100.130", "198.51.100.160", "ISP I")]
        for number in range(100, 160):
            _profile(number)
            _lookup(f"198.51.100.{number}", holders[number > 129])
        yield crowd, holders


def _profile(number):
    address, scanned = f"198.51.100.{number}", FIRST + timedelta(days=4)
    match kind_of(address):
        case "listening":
            features = [SSH, GAME, FEW] if number < 112 else [SSH, "port:tcp/80"]
            add_profile(address, scanned, ["tcp/23", "tcp/22"], features, sample=True)
        case "not seen":
            add_profile(address, scanned, ["tcp/22"], [SSH], sample=True)
        case "old":
            add_profile(address, scanned - timedelta(days=60), ["tcp/23"], [SSH], sample=True)
        case "no answer":
            look_up(address)


def kind_of(address):
    if ":" in address:
        return "unknown"
    return {0: "not seen", 1: "old", 2: "no answer", 3: "unknown"}.get(int(address.rpartition(".")[2]) % 7, "listening")


def _holder(start, end, name):
    network = Network.objects.create(
        start=start, end=end, cidrs=[f"{start}/27"], handle=start, holder=name, holder_handle=name, registry="apnic", raw={},
        fetched_at=timezone.now(),
    )  # fmt: skip
    assign(network)
    return network


def _lookup(address, network):
    Lookup.objects.create(address=address, block=address, state=State.DONE, network=network, is_exact=True, fetched_at=timezone.now())


def counted(sources):
    """What the page must say of these sources, counted one by one."""
    kinds = [kind_of(source) for source in sources]
    listening, not_seen = kinds.count("listening"), kinds.count("not seen")
    return len(kinds), len(kinds) - kinds.count("unknown"), listening, not_seen, len(kinds) - listening - not_seen


def of_hosting(source):
    return ":" not in source and int(source.rpartition(".")[2]) <= 129


def api(user, path, **query):
    client = Client()
    client.force_login(user)
    return client.get(path, query)


def test_same_port_listening_is_counted_by_administrator(known, visit):
    crowd, _holders = known
    behind = crowd.where(port="tcp/23")
    total, asked, listening, not_seen, _no_data = counted(behind)
    page = text_of(visit(crowd.cast.analyst, "/same-port/", **TELNET))
    assert f"Looked up: {asked} of {total} sources." in page
    assert f"Of {listening + not_seen} sources with a scan within 30 days of a packet, {listening} (" in page
    assert "were listening on 23/TCP (telnet)" in page and SAMPLE in page
    rows = {row[0]: [int(cell) for cell in row[1:6]] for row in table_rows(page, "same-port")}
    assert rows["Hosting H"] == list(counted({one for one in behind if of_hosting(one)}))
    assert rows["ISP I"] == list(counted({one for one in behind if not of_hosting(one) and ":" not in one}))
    assert rows["administrator not looked up"] == list(counted({one for one in behind if ":" in one}))


def test_the_api_says_what_the_page_says(known):
    crowd, _holders = known
    answer = api(crowd.cast.analyst, "/api/v1/same-port/", **TELNET).json()
    total, asked, listening, not_seen, no_data = counted(crowd.where(port="tcp/23"))
    assert answer["port"] == "tcp/23"
    told = {name: answer["all"][name] for name in ("sources", "looked_up", "listening", "not_seen", "no_data")}
    assert told == {"sources": total, "looked_up": asked, "listening": listening, "not_seen": not_seen, "no_data": no_data}
    assert answer["all"]["share"] == pytest.approx(listening / (listening + not_seen))
    assert [row["holder"] for row in answer["rows"]][-1] == "" and answer["rows"][-1]["holder_id"] is None
    assert sum(row["sources"] for row in answer["rows"]) == total
    csv = api(crowd.cast.analyst, "/api/v1/same-port/", **TELNET, format="csv").content.decode().splitlines()
    assert len(csv) == 1 + len(answer["rows"])


def test_what_the_hosts_of_one_administrator_share_beside_the_others(known, visit):
    crowd, _holders = known
    url = _features_url(text_of(visit(crowd.cast.analyst, "/same-port/", **TELNET)), "Hosting H")
    page = text_of(crowd_client(crowd).get(url))
    behind = {one for one in crowd.where(port="tcp/23") if of_hosting(one)}
    profiled = [one for one in behind if kind_of(one) in ("listening", "not seen")]
    gamers = [one for one in profiled if kind_of(one) == "listening" and int(one.rpartition(".")[2]) < 112]
    share = 100 * len(gamers) / len(profiled)
    others = [one for one in crowd.where(port="tcp/23") - behind if kind_of(one) in ("listening", "not seen")]
    told = f"{len(gamers)} of {len(profiled)} looked-up sources of Hosting H ({share:.1f} %), and 0 of the {len(others)} others, share:"
    assert told in page
    rows = {row[0]: row[1:] for row in table_rows(page, "common-features")}
    assert any(cells[0] == f"{len(profiled)} of {len(profiled)}" for cells in rows.values())  # all listen on 22
    assert any(cells[-1] == "only here" for cells in rows.values())


def _features_url(page, name):
    row = page.split(name)[1].split("</tr>")[0]
    return next(part.split('"')[0] for part in row.split('href="') if part.startswith("/common-features/")).replace("&amp;", "&")


def crowd_client(crowd):
    client = Client(headers={"accept-language": "en"})
    client.force_login(crowd.cast.analyst)
    client.cookies["django_language"] = "en"
    return client


@pytest.mark.parametrize("path", ["/same-port/", "/common-features/", "/feature-sets/"])
def test_each_keeps_to_its_budget_cold_and_warm(known, path):
    cache.clear()
    segmentcache.forget()
    client = Client()
    client.force_login(known[0].cast.coordinator)
    for _visit in ("cold", "warm"):
        assert queries_of(client, path, **({} if path == "/feature-sets/" else TELNET)) <= BUDGET


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [
        ("/same-port/", QUERY, "ports"),
        ("/same-port/", QUERY | {"ports": "tcp/23,tcp/22"}, "ports"),
        ("/same-port/", QUERY | {"ports": "icmp/8"}, "ports"),
        ("/common-features/", TELNET | {"holder": "H1"}, "holder"),
        ("/common-features/", TELNET | {"holder": "9" * 40}, "holder"),
        ("/common-features/", TELNET | {"holder": "999999"}, "holder"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(known, visit, path, query, name):
    assert visit(known[0].cast.analyst, path, **query).status_code == 400
    answer = api(known[0].cast.analyst, f"/api/v1{path}", **query)
    assert answer.status_code == 400 and name in answer.json()["fields"]


def test_nothing_looked_up_says_what_to_do(crowd, visit):
    page = text_of(visit(crowd.cast.analyst, "/same-port/", **QUERY, ports="tcp/2323"))
    assert "Sources listening on the same port" in page


def test_a_bundle_is_saved_as_a_set_and_matched_from_then_on(known, visit):
    crowd, _holders = known
    client = crowd_client(crowd)
    form = client.get("/feature-sets/new/", {"wants_all": f"{FEW}\n{GAME}"})
    assert form.context["form"]["wants_all"].value() == f"{FEW}\n{GAME}"
    wanted = {"name": "game servers", "note": "One\n\nTwo", "wants_all": f"{FEW}\n{GAME}", "wants_any": "", "wants_none": ""}
    made = client.post("/feature-sets/new/", wanted)
    row = FeatureSet.objects.get(name="game servers")
    assert made["Location"] == f"/feature-sets/{row.pk}/"
    assert (row.wants_all, row.by) == ([FEW, GAME], crowd.cast.analyst)
    assert AuditEntry.objects.get(action="featureset.added").detail["wants_all"] == [FEW, GAME]
    matching = [f"198.51.100.{n}" for n in range(100, 112) if kind_of(f"198.51.100.{n}") == "listening"]
    page = text_of(client.get(f"/feature-sets/{row.pk}/"))
    assert sorted(line[0] for line in table_rows(page, "hosts-title")) == matching
    hosts = client.get(f"/api/v1/feature-sets/{row.pk}/hosts/").json()["rows"]
    assert sorted(host["address"] for host in hosts) == matching
    saved = client.get("/api/v1/common-features/", TELNET).json()["saved"]
    assert saved == [{"feature_set": row.pk, "sources": len(set(matching) & crowd.where(port="tcp/23"))}]
    assert "Saved feature sets that match" in text_of(client.get("/common-features/", TELNET))
    assert client.post(f"/feature-sets/{row.pk}/edit/", wanted | {"wants_none": SSH}).status_code == 302
    assert client.get(f"/api/v1/feature-sets/{row.pk}/hosts/").json()["rows"] == []
    assert client.post(f"/feature-sets/{row.pk}/remove/").status_code == 302
    assert not FeatureSet.objects.exists()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"wants_all": ""}, "wants_all"),
        ({"wants_all": "nonsense"}, "wants_all"),
        ({"wants_all": "port:tcp/22\x00"}, "wants_all"),
        ({"wants_none": SSH}, "wants_none"),
        ({"wants_all": "\n".join(f"port:tcp/{n}" for n in range(51))}, "wants_all"),
        ({"wants_all": f"tag:{'x' * 300}"}, "wants_all"),
        ({"name": ""}, "name"),
    ],
)
def test_a_set_that_makes_no_sense_is_refused_by_field(crowd, fields, name):
    wanted = {"name": "n", "note": "", "wants_all": SSH, "wants_any": "", "wants_none": ""} | fields
    answer = crowd_client(crowd).post("/feature-sets/new/", wanted)
    assert answer.status_code == 400
    assert name in answer.context["form"].errors
    lists = {key: text.split("\n") if text else [] for key, text in wanted.items() if key.startswith("wants")}
    by_api = crowd_client(crowd).post("/api/v1/feature-sets/", wanted | lists, content_type="application/json")
    assert by_api.status_code == 400 and name in by_api.json()["fields"], by_api.json()
    assert not FeatureSet.objects.exists()


def test_who_may_see_and_who_may_write(known):
    crowd, _holders = known
    row = FeatureSet.objects.create(name="kept", wants_all=[SSH])
    for name, user in crowd.cast.people.items():
        client = Client()
        client.force_login(user)
        reads = 404 if "partner" in name else 200
        for path, query in {"/same-port/": TELNET, "/common-features/": TELNET, f"/feature-sets/{row.pk}/": {}}.items():
            assert client.get(path, query).status_code == reads, (path, name)
            assert client.get(f"/api/v1{path}", query).status_code == reads, (path, name)
        writes = {"analyst": 302}.get(name, 404)
        answer = client.post(f"/feature-sets/{row.pk}/edit/", {"name": "kept", "wants_all": SSH})
        assert answer.status_code == writes, (name, answer.context and answer.context["form"].errors)
        by_api = client.put(f"/api/v1/feature-sets/{row.pk}/", {"name": "kept", "wants_all": [SSH]}, content_type="application/json")
        assert by_api.status_code == (200 if name == "analyst" else 404), name
