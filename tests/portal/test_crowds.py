"""Pages of cohorts, co-ports, only-these-sensors and holders: numbers, people, budgets, and what is refused."""

from datetime import timedelta

import numpy as np
import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from apps.common.sourcekeys import from_address
from apps.enrichment.holders import behind
from apps.enrichment.holders.assigning import assign
from apps.enrichment.models import ContactRole, Lookup, Network, NetworkContact, State
from apps.observations.planning import segmentcache
from apps.reference.names import forget_aliases
from tests.analysis.crowd import QUERY, crowd
from tests.portal.test_pages import BUDGET, plain, queries_of, table_rows, text_of

__all__ = ["crowd"]
pytestmark = pytest.mark.django_db
BOTH = {"c0-join": "and", "c0-ports": "tcp/23", "c1-join": "and", "c1-ports": "tcp/2323"}
PATHS = {
    "/co-ports/": {"ports": "tcp/23"},
    "/only-these-sensors/": {"sensors": "domestic"},
    "/cohorts/": BOTH,
    "/holders/": {"ports": "tcp/23"},
    "/cohorts/holders/": BOTH,
}
STAFF_ONLY = ("/holders/", "/cohorts/holders/")


@pytest.fixture(scope="module")
def known(crowd, django_db_blocker):
    """Two networks of one holder, one of another, and looked-up addresses in them; some sources lie in none."""
    with django_db_blocker.unblock():
        made = [_network(*one) for one in (("198.51.100.100", "198.51.100.109", "H1"), ("198.51.100.110", "198.51.100.119", "H1"))]
        made.append(_network("2001:db8:7::", "2001:db8:7:ffff:ffff:ffff:ffff:ffff", "H2"))
        for address in [f"198.51.100.{n}" for n in range(100, 120)]:
            _lookup(address, made[address >= "198.51.100.110"])
        _lookup("2001:db8:7:9::1", made[2])  # a neighbour in the /48
        yield crowd, made


def _network(start, end, handle):
    network = Network.objects.create(
        start=start, end=end, cidrs=[f"{start}/28"], handle=start, holder=f"Holder {handle}", holder_handle=handle, registry="apnic",
        raw={}, fetched_at=timezone.now(),
    )  # fmt: skip
    NetworkContact.objects.create(network=network, email=f"abuse@{handle.lower()}.invalid", role=ContactRole.ABUSE, level=0)
    assign(network)
    return network


def _lookup(address, network):
    at = timezone.now() - timedelta(days=1 if ":" in address else 0)
    Lookup.objects.create(address=address, block=address, state=State.DONE, network=network, is_exact=True, fetched_at=at)


def holder_of(source):
    """By hand: the network of the very address, else the one that was asked about last in the /24."""
    if ":" in source:
        return "Holder H2"
    return "Holder H1"  # every other address of the /24 is a neighbour of one of H1


def test_every_person_of_the_cast_gets_what_is_theirs(known, visit):
    crowd, _networks = known
    for path, query in PATHS.items():
        assert visit(None, path).status_code == 302
        for name, user in crowd.cast.people.items():
            status = visit(user, path, **QUERY, **query).status_code
            partner = 404 if path in STAFF_ONLY else 400 if (path, name) == ("/only-these-sensors/", "partner_a") else 200
            assert status == (partner if "partner" in name else 200), (path, name)


@pytest.mark.parametrize("path", PATHS)
def test_each_keeps_to_its_budget_cold_and_warm(known, path):
    cache.clear()
    segmentcache.forget()
    forget_aliases()
    client = Client()
    client.force_login(known[0].cast.coordinator)
    for _visit in ("cold", "warm"):
        assert queries_of(client, path, **QUERY, **PATHS[path]) <= BUDGET


def test_co_ports_are_n_of_m(crowd, visit):
    page = text_of(visit(crowd.cast.analyst, "/co-ports/", **QUERY, ports="tcp/23"))
    behind = crowd.where(port="tcp/23")
    rows = {row[0]: row[1:3] for row in table_rows(page, "co-ports")}
    n = len(behind & crowd.where(port="tcp/445"))
    assert rows["445/TCP (microsoft-ds)"] == [f"{n} of {len(behind)}", f"{100 * n / len(behind):.1f} %"]
    assert "23/TCP (telnet)" not in rows


def test_a_card_is_loaded_by_itself(crowd):
    client = Client(headers={"HX-Request": "true"})
    client.force_login(crowd.cast.analyst)
    card = client.get("/co-ports/", QUERY | {"ports": "tcp/23"})
    assert b"<html" not in card.content and b'id="co-ports"' in card.content
    assert "HX-Request" in card["Vary"]


def test_sources_of_the_domestic_sensors_alone(crowd, visit):
    page = text_of(visit(crowd.cast.analyst, "/only-these-sensors/", **QUERY, sensors="domestic", ports="tcp/2323"))
    mine = (crowd.cast.sensor.pk, crowd.cast.sensor_a.pk)
    seen, elsewhere = crowd.where(port="tcp/2323", sensor=mine), crowd.where(port="tcp/2323", sensor=crowd.cast.sensor_b.pk)
    assert f"{len(seen - elsewhere)} of {len(seen)} sources, seen by none of the other 1 sensors" in page


@pytest.mark.parametrize("match", ["same_day", "any_day"])
def test_a_cohort_shows_its_number_its_conditions_and_its_list(known, visit, match):
    crowd, _networks = known
    page = text_of(visit(crowd.cast.analyst, "/cohorts/", **QUERY, **BOTH, match=match, limit="1000"))
    members = crowd.where(port="tcp/23") & crowd.where(port="tcp/2323")
    if match == "same_day":
        days = {row.day for row in crowd.rows}
        members = set().union(*(crowd.where(port="tcp/23", day=day) & crowd.where(port="tcp/2323", day=day) for day in days))
    assert f"{len(members)} sources</strong>" in page
    assert f"{len(crowd.where(port='tcp/23'))} sources by itself" in page
    assert {row[0].replace("::/64", "::5") for row in table_rows(page, "sources-title")} == members
    assert ('id="members"' in page) == (match == "same_day")
    assert "“And” means" in page


def test_a_condition_that_cannot_be_read_keeps_the_form(crowd, visit):
    response = visit(crowd.cast.analyst, "/cohorts/", **QUERY, **(BOTH | {"c1-ports": "tcp/70000"}))
    page = text_of(response)
    assert response.status_code == 400
    assert 'value="tcp/70000"' in page and 'value="tcp/23"' in page
    assert "ports go from 0 to 65535" in page.split('id="condition-1"')[1].split("</fieldset>")[0]
    assert "ports go from 0 to 65535" not in page.split('id="condition-0"')[1].split("</fieldset>")[0]


def test_conditions_are_taken_as_people_write_them(crowd, visit):
    typed = {"c0-join": "and", "c0-ports": "23, 2323/tcp, messenger-udp", "c1-join": "not", "c1-regions": "Japan"}
    response = visit(crowd.cast.analyst, "/cohorts/", **QUERY, **typed)
    assert response.status_code == 302
    assert "c0-ports=tcp/23,tcp/2323" in response["Location"] and "c0-groups=messenger-udp" in response["Location"]
    assert "c1-regions=JP" in response["Location"]


def test_conditions_are_added_and_removed_by_address_alone(crowd, visit):
    response = visit(crowd.cast.analyst, "/cohorts/", **QUERY, **BOTH, add="1")
    assert response.status_code == 302
    assert "c2-join=and" in response["Location"] and "c1-ports=tcp/2323" in response["Location"]
    page = visit(crowd.cast.analyst, "/cohorts/", **QUERY, **BOTH).content.decode()
    assert "/cohorts/?from=2026-03-27&amp;to=2026-04-06&amp;c0-join=and&amp;c0-ports=tcp/23&quot;".replace("&quot;", '"') in page


@pytest.mark.parametrize(
    "query", [{"c0-join": "nor", "c0-ports": "tcp/1"}, {"c0-min": "many"}, {"c0-last": "2026-02-31"}, {"c0-ports": "tcp/1", "match": "x"}]
)
def test_absurd_addresses_are_refused(crowd, visit, query):
    assert visit(crowd.cast.analyst, "/cohorts/", **QUERY, **query).status_code == 400


def test_all_members_as_csv(crowd, visit):
    response = visit(crowd.cast.analyst, "/cohorts.csv", **QUERY, **BOTH, match="any_day")
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + len(crowd.where(port="tcp/23") & crowd.where(port="tcp/2323"))
    days = visit(crowd.cast.analyst, "/cohorts/days.csv", **QUERY, **BOTH)
    assert len(b"".join(days.streaming_content).decode().splitlines()) == 11
    assert visit(crowd.cast.analyst, "/cohorts.csv", **QUERY).status_code == 400


def test_holders_are_ranked_with_distinct_and_mean_daily_sources(known, visit):
    crowd, _networks = known
    page = text_of(visit(crowd.cast.analyst, "/holders/", **QUERY, ports="tcp/23"))
    behind = crowd.where(port="tcp/23")
    rows = {row[1].rpartition(" Holder ")[0]: row for row in table_rows(page, "holders")}
    for name in ("Holder H1", "Holder H2"):
        mine = {source for source in behind if holder_of(source) == name}
        daily = {(row.source, row.day) for row in crowd.matching(port="tcp/23") if row.source in mine}
        assert rows[name][3] == str(len(mine))
        assert float(rows[name][6]) == pytest.approx(len(daily) / 10)
    assert rows["Holder H1"][7] == "2"
    assert f"Looked up: {len(behind)} of {len(behind)} sources" in page


def test_networks_of_sources_by_address_then_by_neighbour(known):
    _crowd, (first, second, six) = known
    addresses = ["198.51.100.105", "198.51.100.115", "203.0.113.1", "2001:db8:7:1::", "2001:db8:8::"]
    found = behind.networks_of(np.array([from_address(one) for one in addresses], np.uint64))
    assert found.tolist() == [first.pk, second.pk, behind.UNKNOWN, six.pk, behind.UNKNOWN]
    near = behind.networks_of(np.array([from_address("198.51.100.7")], np.uint64))
    assert near.tolist() == [second.pk]  # the newest answer in the /24


def test_a_holder_has_networks_contacts_sources_and_ports(known, visit):
    crowd, (first, second, _six) = known
    holder = first.administered_by_id
    assert second.administered_by_id == holder
    page = text_of(visit(crowd.cast.coordinator, f"/holders/{holder}/", **QUERY))
    mine = {source for source in crowd.where() if holder_of(source) == "Holder H1"}
    assert f'<span class="fact-value numeral">{len(mine)}</span>' in page
    card = text_of(visit(crowd.cast.coordinator, f"/holders/{holder}/networks/"))
    assert len(table_rows(card, "networks-title")) == 2
    assert "abuse@h1.invalid" in card and "RDAP, APNIC" in card
    page = text_of(visit(crowd.cast.coordinator, f"/holders/{holder}/sources/", **QUERY))
    n = len(mine & crowd.where(port="udp/53"))
    assert [row[1] for row in table_rows(page, "ports-title") if row[0] == "53/UDP (domain)"] == [f"{n} of {len(mine)}"]
    assert visit(crowd.cast.analyst, "/holders/999999/", **QUERY).status_code == 404
    assert visit(crowd.cast.partner_a, f"/holders/{holder}/", **QUERY).status_code == 404
    client = Client()
    client.force_login(crowd.cast.coordinator)
    for path in (f"/holders/{holder}/", *(f"/holders/{holder}/{part}/" for part in ("sources", "networks", "merges"))):
        assert queries_of(client, path, **QUERY) <= BUDGET


def test_holders_as_csv(known, visit):
    crowd, (first, *_others) = known
    lines = b"".join(visit(crowd.cast.analyst, "/holders.csv", **QUERY).streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "Holder,Kind,Registry,networks,sources,mean daily sources,As of"
    assert lines[-1].startswith("not looked up,,,,0")
    trend = b"".join(visit(crowd.cast.analyst, f"/holders/{first.administered_by_id}/trend.csv", **QUERY).streaming_content).decode()
    assert len(trend.splitlines()) == 11
    assert plain(lines[1]).startswith("Holder H1,unknown,apnic,2,")


def test_pages_of_ports_and_regions_load_the_cards_of_their_sources(crowd, visit):
    page = visit(crowd.cast.analyst, "/ports/tcp/23/", **QUERY, sensors="domestic").content.decode()
    state = "from=2026-03-27&amp;to=2026-04-06&amp;sensors=domestic&amp;ports=tcp/23"
    for path in ("co-ports", "holders", "only-these-sensors"):
        assert f'hx-get="/{path}/?{state}"' in page
    assert (
        'hx-get="/co-ports/?from=2026-03-27&amp;to=2026-04-06&amp;regions=JP"'
        in visit(crowd.cast.analyst, "/regions/JP/", **QUERY).content.decode()
    )
    partners = visit(crowd.cast.partner_a, "/ports/tcp/23/", **QUERY).content.decode()
    assert 'hx-get="/co-ports/' in partners and "/holders/" not in partners


# Filters and zones


def file_of(user, path, query):
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client.get(path, query).getvalue().decode().splitlines()[1:]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_curves_of_sources_have_reporting_days_in_every_zone(crowd, known, zone):
    """A day and a bit less in another zone ends within one more reporting day; the days between are the same."""
    for path, query in (("/cohorts/days.csv", BOTH), (f"/holders/{known[1][0].administered_by_id}/trend.csv", {})):
        here = file_of(crowd.cast.analyst, path, QUERY | query)
        there = file_of(crowd.cast.analyst, path, QUERY | query | {"zone": zone})
        assert there[1:-1] == here[1:]
        assert there[-1].startswith("2026-04-06")


@pytest.mark.parametrize("path", ["/changes/", "/cohorts/"])
def test_no_filter_is_told_of_that_narrows_nothing(crowd, path):
    page = page_of(crowd.cast.analyst, path, QUERY | {"ports": "tcp/23", "signatures": "mirai", "regions": "JP"})
    assert 'class="chip"' not in page


def test_a_cohort_of_a_fixed_panel_keeps_it_in_its_files(crowd):
    page = page_of(crowd.cast.analyst, "/cohorts/", QUERY | BOTH | {"fixed": "true"})
    assert "fixed panel" in page
    assert "fixed=true" in page.split("/cohorts.csv?")[1].split('"')[0]
    assert 'name="fixed" value="true"' in page


def test_a_co_port_leads_to_the_same_sources(crowd):
    page = page_of(crowd.cast.analyst, "/co-ports/", QUERY | {"ports": "tcp/23", "signatures": "mirai"})
    assert "c1-ports=tcp/23&amp;c1-signatures=mirai" in page
    without = page_of(crowd.cast.analyst, "/co-ports/", QUERY | {"ports": "tcp/23", "scanners": "exclude"})
    assert "c1-ports" not in without and "c0-ports" not in without


def page_of(user, path, query):
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    response = client.get(path, query)
    assert response.status_code == 200
    return text_of(response)
