"""Pages and API of the operator: scanner lists, exclusions, coverage calendar, one sensor. Who sees what, and exact numbers."""

import gzip
import json
from datetime import date, timedelta
from unittest import mock

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.models import AuditEntry
from apps.common.ports import PortKey
from apps.observations.counting.exclusions import exclude
from apps.observations.models import Batch
from apps.observations.planning import segmentcache
from apps.reference.models import ScannerList
from apps.sensors.models import Exclusion
from tests.observations import sightings
from tests.portal.scene import FIRST, GAP, PERIOD
from tests.portal.test_pages import BUDGET, queries_of, table_rows, text_of

TELNET = PortKey.parse("tcp/23")


@pytest.fixture
def excluded(seen, db):
    """Telnet at the own sensor is excluded on the third and fourth day."""
    return exclude(
        by=seen.analyst,
        sensor=seen.sensor,
        port=TELNET,
        first_day=FIRST + timedelta(days=2),
        last_day=FIRST + timedelta(days=3),
        reason="ours",
    )


def client_of(user):
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def api(user, path, **query):
    return client_of(user).get(f"/api/v1/{path}", query)


def paths(seen):
    number = Exclusion.objects.earliest("pk").pk
    return ["/coverage/", "/exclusions/", f"/exclusions/{number}/", "/scanner-lists/", f"/sensors/{seen.sensor.pk}/"]


def test_pages_keep_to_their_query_budget_cold_and_warm(seen, excluded):
    sightings.roll_up()
    ScannerList.objects.create(name="ours", list_date=FIRST)
    for path in paths(seen):
        cache.clear()
        segmentcache.forget()
        client = client_of(seen.admin)
        for _turn in ("cold", "warm"):
            assert queries_of(client, path) <= BUDGET, path


def test_the_calendar_shows_covered_hours_and_the_days_on_which_nobody_watched(seen, visit):
    page = text_of(visit(seen.analyst, "/coverage/", **PERIOD))
    assert "No sensor was watching: March 10, 2026" in page
    rows = table_rows(page, "month-2026-03")
    assert [row[0] for row in rows] == ["host-osaka", "own-tokyo", "host-frankfurt"]
    assert rows[0][1:-1] == ["24"] * 8 + ["0"] + ["24"] * 5
    assert rows[0][-1] == "13 of 14 days covered"


def test_the_calendar_of_the_api_is_that_of_the_page_and_a_csv(seen, db):
    found = json.loads(api(seen.analyst, "coverage/", **PERIOD).content)
    assert found["lengths"] == [24] * 14
    assert {sensor["label"]: sensor["covered_days"] for sensor in found["sensors"]} == {
        "own-tokyo": 13, "host-osaka": 13, "host-frankfurt": 13,
    }  # fmt: skip
    lines = api(seen.analyst, "coverage/", format="csv", **PERIOD).content.decode("utf-8-sig").splitlines()
    assert lines[0] == "day,hours,host-osaka,own-tokyo,host-frankfurt"
    assert lines[1 + (GAP - FIRST).days] == "2026-03-10,24,0,0,0"


def test_days_before_a_sensor_was_active_are_not_missing(seen, db):
    seen.sensor.active_from = date(2026, 3, 5)
    seen.sensor.save()
    before = {"from": "2026-02-20", "to": "2026-03-02", "sensors": str(seen.sensor.pk)}
    (sensor,) = json.loads(api(seen.analyst, "coverage/", **before).content)["sensors"]
    assert sensor["hours"] == [None] * 10


def test_partners_see_the_calendar_of_their_own_sensors(seen, visit):
    page = text_of(visit(seen.partner_a, "/coverage/", **PERIOD))
    assert [row[0] for row in table_rows(page, "month-2026-03")] == ["host-osaka"]
    reader = sightings.who_reads_network_counts(seen.partner_a)
    assert [row[0] for row in table_rows(text_of(visit(reader, "/coverage/", **PERIOD)), "month-2026-03")] == ["host-osaka"]
    assert [one["label"] for one in json.loads(api(reader, "coverage/", **PERIOD).content)["sensors"]] == ["host-osaka"]


def test_too_large_a_calendar_is_refused_with_the_limit(seen, db):
    response = api(seen.analyst, "coverage/", **{"from": "1990-01-01", "to": "2000-01-01"})
    assert response.status_code == 200  # three sensors over ten years
    sensors = ",".join(str(pk) for pk in (seen.sensor.pk, seen.sensor_a.pk))
    with mock.patch("apps.observations.planning.coveragecalendar.MAX_CELLS", 100):
        refused = api(seen.analyst, "coverage/", **{"from": "2026-01-01", "to": "2026-03-01", "sensors": sensors})
    assert refused.status_code == 400
    assert "100 cells" in json.loads(refused.content)["fields"]["period"]


def test_a_sensor_page_is_for_those_who_may_see_the_sensor(seen, visit):
    whose = {seen.sensor.pk: None, seen.sensor_a.pk: "partner_a", seen.sensor_b.pk: "partner_b"}
    for number, owner in whose.items():
        for name, user in seen.people.items():
            allowed = user.is_own_staff or name == owner
            assert visit(user, f"/sensors/{number}/", **PERIOD).status_code == (200 if allowed else 404), (number, name)
    assert visit(None, f"/sensors/{seen.sensor.pk}/").status_code == 302
    assert visit(seen.analyst, "/sensors/999999999999999999999/").status_code == 404


def test_a_sensor_page_shows_its_ports_calendar_losses_and_program(seen, visit):
    Batch.objects.filter(sensor=seen.sensor).update(
        header={"agent": {"name": "tsubame-sensor", "version": "1.2"}, "capture": {"received": 990, "dropped": 10, "sampling": 1}}
    )
    page = text_of(visit(seen.analyst, f"/sensors/{seen.sensor.pk}/", **PERIOD))
    assert table_rows(page, "ports")[0][1:3] == ["23/TCP (telnet)", "96"]
    assert "20 of 2,000 packets" in page and "1.0 %" in page  # two batches
    assert "tsubame-sensor 1.2" in page
    assert "13 of 14 days covered" in page
    assert f"/only-these-sensors/?from=2026-03-02&amp;to=2026-03-16&amp;sensors={seen.sensor.pk}" in page


def test_keys_are_shown_to_administrators_alone_and_by_their_first_letters(seen, visit):
    secret = seen.sensor_key
    for name, user in seen.people.items():
        if user.is_own_staff:
            page = visit(user, f"/sensors/{seen.sensor.pk}/", **PERIOD).content.decode()
            assert (secret.split(".")[0] in page) == (name == "admin")
            assert secret.split(".")[1] not in page
    assert 'id="keys-title"' not in visit(seen.partner_a, f"/sensors/{seen.sensor_a.pk}/", **PERIOD).content.decode()


def test_analysts_and_administrators_exclude_and_lift(seen, visit):
    form = {"sensor": seen.sensor.pk, "port": "tcp/22", "first_day": "2026-03-03", "last_day": "", "reason": "maintenance"}
    for name, user in seen.people.items():
        may = name in ("analyst", "admin")
        assert client_of(user).post("/exclusions/", form).status_code == (302 if may else 404), name
    assert Exclusion.objects.count() == 2
    number = Exclusion.objects.latest("pk").pk
    for name in ("coordinator", "auditor", "partner_a"):
        assert client_of(seen.people[name]).post(f"/exclusions/{number}/lift/").status_code == 404
    assert client_of(seen.analyst).post(f"/exclusions/{number}/lift/").status_code == 302
    assert Exclusion.objects.count() == 1
    actions = AuditEntry.objects.filter(action__startswith="exclusion.").order_by("pk").values_list("action", "actor_name")
    assert list(actions) == [("exclusion.added", "analyst"), ("exclusion.added", "admin"), ("exclusion.lifted", "analyst")]


@pytest.mark.parametrize("written", ["22/tcp", "22", "22/TCP (ssh)"])
def test_the_form_takes_a_port_as_people_write_it(seen, db, written):
    form = {"sensor": seen.sensor.pk, "port": written, "first_day": "2026-03-03", "last_day": "", "reason": "maintenance"}
    assert client_of(seen.analyst).post("/exclusions/", form).status_code == 302
    stored = Exclusion.objects.get()
    assert PortKey(stored.protocol, stored.port) == PortKey.parse("tcp/22")


def test_what_is_wrong_is_said_in_the_language_of_the_page(seen, db, settings):
    settings.LANGUAGE_CODE = "ja"
    form = {"sensor": seen.sensor.pk, "port": "telnet", "first_day": "2026-03-03", "last_day": "", "reason": "maintenance"}
    client = Client(headers={"accept-language": "ja"})
    client.force_login(seen.analyst)
    assert "はポートではありません" in client.post("/exclusions/", form).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sensor", "999"), ("sensor", "x"), ("port", "telnet"), ("first_day", "2026-02-30"), ("first_day", ""), ("last_day", "2026-01-01"),
        ("first_day", "0001-01-01"), ("reason", " "), ("reason", "x" * 2001), ("reason", "a\x00b"),
    ],
)  # fmt: skip
def test_a_bad_exclusion_is_refused_in_words_and_changes_nothing(seen, db, field, value):
    form = {"sensor": str(seen.sensor.pk), "port": "tcp/22", "first_day": "2026-03-03", "last_day": "2026-03-04", "reason": "ours"}
    response = client_of(seen.analyst).post("/exclusions/", form | {field: value})
    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()
    body = {"sensor_id" if name == "sensor" else name: text for name, text in (form | {field: value}).items()}
    answer = client_of(seen.analyst).post("/api/v1/exclusions/", body, content_type="application/json")
    assert answer.status_code == 400
    assert ("sensor_id" if field == "sensor" else field) in json.loads(answer.content)["fields"]
    assert not Exclusion.objects.exists()


def test_progress_is_shown_while_days_wait_and_survives_a_reload(seen, excluded, visit):
    for _reload in range(2):
        page = text_of(visit(seen.analyst, "/exclusions/"))
        assert "0 of 2 days counted anew" in page
        assert 'hx-trigger="every 5s"' in page
    assert json.loads(api(seen.analyst, "exclusions/").content)[0]["progress"] == {"days": 2, "waiting": 2}
    sightings.roll_up()
    page = text_of(visit(seen.analyst, "/exclusions/"))
    assert "2 days, all counted" in page
    assert "every 5s" not in page


def test_what_is_excluded_has_a_figure_and_captions_lead_to_it(seen, excluded, visit):
    sightings.roll_up()
    page = text_of(visit(seen.analyst, f"/exclusions/{excluded.pk}/", **PERIOD))
    assert "23/TCP (telnet), excluded at own-tokyo: packets" in page
    assert "only what is excluded from the statistics" in page
    series = json.loads(api(seen.analyst, f"exclusions/{excluded.pk}/series/", **PERIOD).content)["series"][0]
    assert (series["total"], series["values"][:5], series["values"][8]) == (7, [0, 0, 3, 4, 0], None)
    csv = api(seen.analyst, f"exclusions/{excluded.pk}/series/", split="region", format="csv", **PERIOD).content.decode("utf-8-sig")
    assert csv.splitlines()[0] == "start,Japan"
    touched = text_of(visit(seen.analyst, "/ports/tcp/23/", **PERIOD))
    assert '<a href="/exclusions/">excluded at some sensors: 23/TCP (telnet) (March 4, 2026 to March 5, 2026)</a>' in touched
    assert "excluded at some sensors" not in text_of(visit(seen.analyst, "/ports/udp/53/", **PERIOD))
    assert "excluded at some sensors" not in text_of(visit(seen.partner_a, "/ports/tcp/23/", **PERIOD))


def test_partners_see_exclusions_of_their_own_sensors_alone(seen, excluded, visit):
    theirs = exclude(by=seen.analyst, sensor=seen.sensor_a, port=TELNET, first_day=FIRST, last_day=None, reason="asked for by the host")
    page = text_of(visit(seen.partner_a, "/exclusions/"))
    assert "asked for by the host" in page and "host-osaka" in page
    assert "own-tokyo" not in page and "ours" not in table_rows(page, "exclusions-title")[0]
    assert [one["id"] for one in json.loads(api(seen.partner_a, "exclusions/").content)] == [theirs.pk]
    assert visit(seen.partner_a, f"/exclusions/{excluded.pk}/", **PERIOD).status_code == 404
    assert visit(seen.partner_a, f"/exclusions/{theirs.pk}/", **PERIOD).status_code == 200
    assert api(seen.partner_a, f"exclusions/{excluded.pk}/series/", **PERIOD).status_code == 404


def test_lists_of_scanners_are_shown_to_all_and_removed_by_administrators(seen, visit):
    stored = ScannerList.objects.create(name="ours", list_date=FIRST)
    assert table_rows(text_of(visit(seen.partner_a, "/scanner-lists/")), "scanner-lists-title") == [
        ["ours", "March 2, 2026", "Jan. 31, 2026 to April 1, 2026", "0", "13 days, all counted"]
    ]
    assert json.loads(api(seen.partner_a, "scanner-lists/").content)[0]["progress"] == {"days": 13, "waiting": 0}
    for name, user in seen.people.items():
        if name != "admin":
            assert client_of(user).post(f"/scanner-lists/{stored.pk}/remove/").status_code == 404
    assert client_of(seen.admin).post(f"/scanner-lists/{stored.pk}/remove/").status_code == 302
    assert not ScannerList.objects.exists()
    assert AuditEntry.objects.filter(action="scanner_list.removed", actor_name="admin").exists()


def upload(user, text=b"192.0.2.1\n198.51.100.0/24\n", file_name="list.txt", **fields):
    written = {"name": "ours", "date": str(FIRST), "format": "plain"} | fields
    return client_of(user).post("/scanner-lists/", written | {"file": SimpleUploadedFile(file_name, text)})


def test_an_administrator_loads_a_list_by_the_page_as_the_command_does(seen, visit):
    assert upload(seen.admin).status_code == 302
    stored = ScannerList.objects.get()
    assert (stored.name, stored.list_date, stored.ranges.count()) == ("ours", FIRST, 2)
    assert AuditEntry.objects.filter(action="scanner_list.loaded", actor_name="admin").count() == 1
    page = text_of(visit(seen.admin, "/scanner-lists/"))
    assert "0 of 13 days counted anew" in page and 'hx-trigger="every 5s"' in page
    sightings.roll_up()
    assert table_rows(text_of(visit(seen.admin, "/scanner-lists/")), "scanner-lists-title")[0][3:5] == ["2", "13 days, all counted"]


def test_packed_lists_are_read_too(seen, db):
    assert upload(seen.admin, gzip.compress(b"192.0.2.1\n"), "list.txt.gz").status_code == 302
    assert ScannerList.objects.get().ranges.count() == 1


@pytest.mark.parametrize(
    ("text", "fields", "told"),
    [
        (b"192.0.2.1\nnobody\n", {}, "row 2: "),
        (b"", {}, "file"),
        (b"192.0.2.1\n", {"date": "yesterday"}, "date: is not a day"),
        (b"192.0.2.1\n", {"date": "2999-01-01"}, "date: must lie between"),
        (b"192.0.2.1\n", {"name": ""}, "name: needs 1 to 80"),
        (b"192.0.2.1\n", {"name": "a\x00b"}, "name: needs 1 to 80"),
        (b"192.0.2.1\n", {"format": "xls"}, "format: must be one of nict"),
        (b"192.0.2.1\n" * 900_000, {}, "file: larger than 8 MiB"),
        (b"no gzip", {}, "list.gz"),
    ],
)
def test_a_bad_upload_is_refused_whole_and_keeps_what_was_written(seen, db, text, fields, told):
    page = upload(seen.admin, text, "list.gz" if told == "list.gz" else "list.txt", **fields)
    assert page.status_code == 400 and told in text_of(page)
    assert not ScannerList.objects.exists() and not AuditEntry.objects.filter(action="scanner_list.loaded").exists()


def test_nobody_else_loads_lists(seen, visit):
    for name, user in seen.people.items():
        assert ('enctype="multipart/form-data"' in text_of(visit(user, "/scanner-lists/"))) is (name == "admin")
        if name != "admin":
            assert upload(user).status_code == 404
    assert not ScannerList.objects.exists()
