"""Administrators behind a view as figure, CSV and API, by name and by pseudonym: the same numbers, and nothing that tells who."""

import json

import pytest

from apps.enrichment import holder_services as services
from apps.enrichment.models import Holder
from tests.analysis.crowd import QUERY, crowd
from tests.cast import api_client_for
from tests.portal.test_crowds import holder_of, known
from tests.portal.test_pages import BUDGET, queries_of, table_rows, text_of

__all__ = ["crowd", "known"]
pytestmark = pytest.mark.django_db


def api(user, **query):
    response = api_client_for(user).get("/api/v1/holders/", QUERY | query)
    assert response.status_code == 200, response.content
    return response.json()


def by_hand(crowd, **where):
    """Distinct sources by holder, most first."""
    counts: dict[str, int] = {}
    for source in crowd.where(**where):
        counts[holder_of(source)] = counts.get(holder_of(source), 0) + 1
    return sorted(counts.items(), key=lambda one: -one[1])


def test_the_api_ranks_holders_as_counted_by_hand(known):
    crowd, (first, *_others) = known
    answer = api(crowd.cast.analyst, ports="tcp/23")
    assert [(row["label"], row["sources"]) for row in answer["rows"]] == by_hand(crowd, port="tcp/23")
    assert answer["looked_up"] == answer["total"] == len(crowd.where(port="tcp/23"))
    top = answer["rows"][0]
    assert (top["rank"], top["id"], top["registry"], top["networks"]) == (1, first.administered_by_id, "apnic", 2)


def test_pseudonyms_tell_nothing_of_who_it_is(known, visit):
    crowd, (first, *_others) = known
    services.choose_kind(holder=first.administered_by, kind="hosting", reason="r", by=crowd.cast.analyst)
    answer = api(crowd.cast.analyst, anonymised="true")
    labels = [row["label"] for row in answer["rows"]]
    assert labels[0] == "Hosting A"
    told = {name for row in answer["rows"] for name, value in row.items() if value is not None}
    assert told <= {"rank", "label", "kind", "sources", "daily"}
    page = text_of(visit(crowd.cast.analyst, "/holders/", **QUERY, names="pseudonyms"))
    csv = b"".join(visit(crowd.cast.analyst, "/holders.csv", **QUERY, names="pseudonyms").streaming_content).decode("utf-8-sig")
    for text in (json.dumps(answer), page.split("<main")[1], csv):
        assert "Hosting A" in text
        assert not [secret for secret in ("Holder H1", "Holder H2", f"/holders/{first.administered_by_id}/") if secret in text]
    assert "names anonymised" in page
    assert csv.splitlines()[0] == "Holder,Kind,sources,mean daily sources"


def test_holders_of_fewer_than_three_sources_are_among_the_others(known):
    crowd, _networks = known
    few = [name for name, count in by_hand(crowd, port="tcp/445", region="JP") if count < 3]
    answer = api(crowd.cast.analyst, anonymised="true", ports="tcp/445", regions="JP")
    sources = {row["label"]: row["sources"] for row in answer["rows"]}
    assert sum(sources.values()) == answer["looked_up"]
    assert ("others" in sources) == bool(few)


def test_kinds_narrow_the_ranking_and_change_no_pseudonym(known, visit):
    crowd, (first, *_others) = known
    services.choose_kind(holder=first.administered_by, kind="hosting", reason="r", by=crowd.cast.analyst)
    everybody = api(crowd.cast.analyst, anonymised="true")["rows"]
    hosting = api(crowd.cast.analyst, anonymised="true", kinds="hosting")["rows"]
    assert hosting and hosting == [row for row in everybody if row["kind"] == "hosting"]
    assert [row["label"] for row in api(crowd.cast.analyst, anonymised="true", kinds="unknown")["rows"]] == ["others"]  # of one source
    page = text_of(visit(crowd.cast.analyst, "/holders/", **QUERY, kinds="hosting"))
    assert {row[2] for row in table_rows(page, "holders")} == {"hosting provider"}


@pytest.mark.parametrize(
    ("query", "name"),
    [({"kinds": "spaceship"}, "kinds"), ({"anonymised": "maybe"}, "anonymised"), ({"limit": "0"}, "limit"), ({"x": "1"}, "x")],
)
def test_absurd_parameters_are_named(known, query, name):
    response = api_client_for(known[0].cast.analyst).get("/api/v1/holders/", QUERY | query)
    assert response.status_code == 400
    assert name in response.json()["fields"]


def test_absurd_parameters_of_the_page_are_refused(known, visit):
    for query in ({"kinds": "spaceship"}, {"names": "initials"}):
        assert visit(known[0].cast.analyst, "/holders/", **QUERY, **query).status_code == 400


def test_partners_have_no_such_call(known):
    assert api_client_for(known[0].cast.partner_a).get("/api/v1/holders/", QUERY).status_code == 404


def test_the_figure_has_the_tables_numbers_and_says_how_many_were_looked_up(known, visit):
    crowd, _networks = known
    page = visit(crowd.cast.analyst, "/holders/", **QUERY, ports="tcp/23").content.decode()
    data = json.loads(page.split('<script id="top-data" type="application/json">')[1].split("</script>")[0])
    ranked = by_hand(crowd, port="tcp/23")
    assert data["kind"] == "ranking"
    assert data["series"][0]["values"] == [count for _name, count in ranked]
    assert [label.partition(" (")[0] for label in data["labels"]] == [name for name, _count in ranked]
    behind = len(crowd.where(port="tcp/23"))
    assert f"Looked up: {behind} of {behind} sources" in text_of(visit(crowd.cast.analyst, "/holders/", **QUERY, ports="tcp/23"))


@pytest.mark.parametrize("path", ["/holders/", "/api/v1/holders/"])
def test_rankings_keep_to_the_budget(known, path):
    client = api_client_for(known[0].cast.analyst)
    client.force_login(known[0].cast.analyst)
    assert queries_of(client, path, **QUERY) <= BUDGET


def test_a_merged_pair_counts_once(known):
    crowd, (first, _second, six) = known
    kept, absorbed = (Holder.objects.get(networks=network) for network in (first, six))
    services.merge(kept=kept, absorbed=[absorbed], reason="r", by=crowd.cast.analyst)
    rows = api(crowd.cast.analyst, ports="tcp/23")["rows"]
    assert [(row["label"], row["sources"]) for row in rows] == [("Holder H1", len(crowd.where(port="tcp/23")))]
