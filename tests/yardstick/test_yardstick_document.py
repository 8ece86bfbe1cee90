"""Every call and page that docs/yardstick.md names answers what it says there."""

import html
import json
import re

import pytest

from apps.analysis import correlation
from apps.enrichment.models import Holder
from apps.portal.yardstick import loading, network
from apps.sensors.models import Exclusion, Sensor
from tests.cast import api_client_for, client_for
from tests.yardstick import brute, document
from tests.yardstick.document import Step

# The first test loads the scenario, a minute on an idle machine.
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]
STEPS = document.steps()
ROWS = 62  # of the list of everything in the three reports


@pytest.fixture(scope="module")
def people(scenario):
    return api_client_for(scenario.analyst), client_for(scenario.analyst)


@pytest.fixture(scope="module")
def numbers(scenario) -> dict[str, int]:
    """What stands in braces in the document: ids of sensors and of an administrator by name, and of the one exclusion."""
    sensors = dict(Sensor.objects.filter(is_scenario=True).values_list("name", "pk"))
    hosting = {"hosting-a": Holder.objects.get(registry="scenario", name="Hosting A").pk}
    return sensors | hosting | {"exclusion": Exclusion.objects.get(sensor__is_scenario=True).pk}


def test_every_row_is_spoken_of_once():
    assert document.rows() == list(range(1, ROWS + 1))
    assert len(STEPS) > 50


def test_steps_state_something():
    assert [step.name for step in STEPS if not (step.values or step.texts)] == []


@pytest.mark.parametrize("section", sorted({step.section for step in STEPS}))
def test_the_portal_answers_what_the_document_says(people, numbers, section: str):
    """One test a section: to take back what a test did costs a second where a thousand partitions were made before it."""
    found = {step.name: problems(people, step, document.filled(step.url, numbers)) for step in STEPS if step.section == section}
    assert {name: told for name, told in found.items() if told} == {}


def problems(people, step: Step, url: str) -> object:
    """What a call or page does not answer as stated, empty where all is well."""
    api, browser = people
    if not url.startswith("/api/"):
        text = shown(browser, url)
        return [part for part in step.texts if part not in text]
    english = {"accept-language": "en"}
    body = {"data": json.loads(step.body), "format": "json"} if step.method == "post" else {}
    answer = getattr(api, step.method)(url, **body, headers=english)
    if answer.status_code not in (200, 201):
        return answer.content
    found = {path: document.at(answer.json(), path) for path, _stated in step.values}
    return {path: value for path, value in found.items() if not document.agrees(value, dict(step.values)[path])}


def shown(browser, url: str) -> str:
    """The text of a page with single spaces."""
    answer = browser.get(url, headers={"accept-language": "en"})
    assert answer.status_code == 200, answer.content
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def test_observations_do_not_know_of_the_scenario(people):
    api, browser = people
    assert api.get("/api/v1/rankings/?from=2020-10-01&to=2021-01-01").json()["rows"] == []
    assert api.get("/api/v1/series/?period=30d").json()["meta"]["freshness"]["newest"] is None
    assert "These figures are of generated data" not in shown(browser, "/ports/")
    assert "These figures are of generated data" in shown(browser, "/ports/?sensors=scenario&period=30d")


def test_loading_it_twice_is_refused(scenario):
    with pytest.raises(loading.ScenarioError, match="loaded already"):
        loading.require_loadable(beside_observations=True)


def test_figures_agree_with_flows_counted_by_hand(people, flows_by_hand):
    """Every port of every region at domestic sensors, as the portal and as DuckDB count them."""
    api, _browser = people
    for first, last in (("2020-10-01", "2021-01-01"), ("2023-01-01", "2023-04-01")):
        where = f"panel = 'domestic' AND day >= '{first}' AND day < '{last}'"
        for dimension in ("port", "region"):
            expected = flows_by_hand.execute(f"SELECT {dimension}, sum(packets), count(DISTINCT source) FROM flow WHERE {where} GROUP BY 1")
            by_key = {key: (packets, sources) for key, packets, sources in expected.fetchall()}
            url = f"/api/v1/rankings/?sensors=scenario-domestic&from={first}&to={last}&dimension={dimension}&limit=1000"
            for position, unit in enumerate(("packets", "sources")):
                rows = api.get(f"{url}&unit={unit}").json()["rows"]
                assert {row["key"]: row["value"] for row in rows} == {key: found[position] for key, found in by_key.items()}


@pytest.fixture(scope="module")
def flows_by_hand():
    return brute.database(network.flows())


def test_japan_to_23_has_no_part_in_its_bump_to_37215(people):
    api, _browser = people
    url = "/api/v1/series/?sensors=scenario-domestic&from=2023-01-01&to=2023-04-01&regions=JP&ports="
    telnet, bump = (api.get(url + port).json()["series"][0]["values"] for port in ("tcp/23", "tcp/37215&signatures=mirai"))
    assert not correlation.lagged(bump, telnet, 14).is_significant
