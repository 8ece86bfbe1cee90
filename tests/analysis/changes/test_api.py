"""Notable changes over the API: the rows of the page, for whom, and decisions."""

import pytest

from apps.accounts.models import AuditEntry
from tests.analysis.changes import scene
from tests.cast import api_client_for, statuses
from tests.observations import sightings

LIST = "/api/v1/changes/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def change(cast):
    scene.searched()
    return scene.spike()


def test_the_list_holds_sentence_numbers_and_state(cast, change):
    answer = api_client_for(cast.analyst).get(LIST, headers={"accept-language": "en"}).json()
    assert (answer["total"], answer["by_kind"], answer["as_of"]) == (1, {"spike": 1}, "2026-03-14")
    [row] = answer["rows"]
    assert row["sentence"].startswith("On March 14, 2026, packets to 23/TCP")
    assert (row["id"], row["numbers"]["factor"], row["state"]) == (change.pk, 5.0, "new")
    japanese = api_client_for(cast.analyst).get(LIST, headers={"accept-language": "ja"}).json()["rows"][0]["sentence"]
    assert "宛のパケット" in japanese and "急増" in japanese and "2026年3月14日" in japanese


def test_the_list_as_csv(cast, change):
    lines = api_client_for(cast.analyst).get(LIST, {"format": "csv"}).content.decode("utf-8-sig").splitlines()
    assert lines[0] == "id,kind,subject,direction,first,last,score,state,sentence"
    assert lines[1].startswith(f"{change.pk},spike,tcp/23,1,2026-03-14")


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "x"},
        {"sensors": "domestic"},
        {"ports": "tcp/23"},
        {"page": "-1"},
        {"limit": "5000"},
        {"from": "2026-03-15", "to": "2026-03-01"},
    ],
)
def test_bad_parameters_are_named(cast, query):
    answer = api_client_for(cast.analyst).get(LIST, query)
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) <= {*query} != set()


def test_who_may_read(cast, change):
    assert statuses(cast, "get", LIST, api=True)["anonymous"] == 401
    assert api_client_for(cast.partner_a).get(LIST).json()["total"] == 0
    reader = sightings.who_reads_network_counts(cast.partner_a)
    [row] = api_client_for(reader).get(LIST).json()["rows"]
    assert (row["state"], row["decided_by"], row["reason"]) == ("", "", "")


def test_a_decision_is_made_once_for_page_and_api(cast, change):
    path, client = f"{LIST}{change.pk}/decision/", api_client_for(cast.coordinator)
    assert client.post(path, {"state": "dismissed"}).json()["fields"].keys() == {"reason"}
    assert client.post(path, {"state": "x"}).status_code == 400
    answer = client.post(path, {"state": "watched"}).json()
    assert (answer["state"], answer["decided_by"]) == ("watched", "coordinator")
    assert AuditEntry.objects.get(action="change.watched").target == "spike tcp/23 2026-03-14"
    assert client.post(f"{LIST}999999/decision/", {"state": "watched"}).status_code == 404
    assert api_client_for(cast.auditor).post(path, {"state": "new"}).status_code == 404
