"""The command, against the portal under its real web server."""

from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.observations.importers import delivery
from apps.observations.importers.client import DeliveryError, Portal
from apps.observations.models import Batch, Mark
from apps.sensors.models import SensorKey
from apps.sensors.services import add_key
from tests.factories import SensorFactory
from tests.observations import live

pytestmark = pytest.mark.django_db(transaction=True)

LOG = """datetime,host,src,proto,type,spt,dpt
2013-03-03 21:53:59,one,1032051418,TCP,,6000,1433
2013-03-03 21:53:59,one,1032051418,TCP,,6000,1433
2013-03-03 21:54:10,two,1347834426,UDP,,5270,5060
2013-03-03 22:10:00,one,167772161,ICMP,8,,
2013-03-05 09:00:00,one,1032051418,TCP,,6001,1433
2013-03-05 09:00:00,one,1032051418,GRE,,6001,1433
"""


@pytest.fixture(scope="module")
def server(django_db_setup):
    with live.web() as web:
        yield web


@pytest.fixture
def sensors(transactional_db, tmp_path):
    (tmp_path / "log.csv").write_text(LOG)
    keys = {name: add_key(sensor=SensorFactory(name=name), may_import=True)[1] for name in ("one", "two")}
    (tmp_path / "keys").write_text("# sensor key\n" + "".join(f"{name} {key}\n" for name, key in keys.items()))
    yield keys
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE observations_flow")


def run(server, tmp_path, **options):
    out = StringIO()
    defaults = {"format": "marx", "url": server.url, "key_file": tmp_path / "keys"}
    call_command("import_observations", tmp_path / "log.csv", stdout=out, **(defaults | options))
    return out.getvalue()


def counts():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), sum(packets)::bigint FROM observations_flow")
        return (*cursor.fetchone(), Batch.objects.count(), sorted(Mark.objects.values_list("version", flat=True)))


def test_a_log_arrives_once_however_often_it_is_sent(server, sensors, tmp_path):
    first = run(server, tmp_path)
    before = counts()
    again = run(server, tmp_path)
    assert "skipped 1 rows: another protocol" in first
    assert "one: 4 packets in 3 flows; batch 2 of 2 (2 new, 0 known, 0 rejected)" in first
    assert "one: 4 packets in 3 flows; batch 2 of 2 (0 new, 2 known, 0 rejected)" in again
    assert before == counts()
    assert before[:3] == (4, 5, 3)


def test_only_watched_time_is_declared(server, sensors, tmp_path):
    run(server, tmp_path)
    spans = Batch.objects.filter(sensor__name="one").order_by("start").values_list("start", "end")
    assert [(start.strftime("%d %H:%M"), end.strftime("%d %H:%M")) for start, end in spans] == [
        ("03 21:53", "03 22:11"),
        ("05 09:00", "05 09:01"),
    ]


def test_an_import_that_stopped_is_taken_up_by_running_it_again(server, sensors, tmp_path):
    SensorKey.objects.filter(sensor__name="two").update(revoked=True)
    with pytest.raises(CommandError, match="401"):
        run(server, tmp_path)
    assert counts()[2] == 2
    SensorKey.objects.update(revoked=False)
    assert "two: 1 packets in 1 flows; batch 1 of 1 (1 new" in run(server, tmp_path)
    assert counts()[:3] == (4, 5, 3)


def test_batches_the_portal_rejects_are_reported(server, sensors, tmp_path):
    SensorKey.objects.update(may_import=False)
    with pytest.raises(CommandError, match="older than this key may send"):
        run(server, tmp_path)
    assert counts()[2] == 0


def test_a_key_of_another_sensor_stops_the_import(server, sensors, tmp_path):
    (tmp_path / "keys").write_text(f"one {sensors['two']}\ntwo {sensors['one']}\n")
    with pytest.raises(CommandError, match="403"):
        run(server, tmp_path)
    assert counts()[2] == 0


def test_a_sensor_without_a_key_is_named_before_anything_is_sent(server, sensors, tmp_path):
    (tmp_path / "keys").write_text(f"one {sensors['one']}\n")
    with pytest.raises(CommandError, match="No key for two"):
        run(server, tmp_path)
    (tmp_path / "keys").write_text(sensors["one"])
    with pytest.raises(CommandError, match="No key for one, two"):
        run(server, tmp_path)
    assert counts()[2] == 0


@pytest.mark.parametrize("gap", [0, -1, 25])
def test_an_absurd_gap_is_refused(server, sensors, tmp_path, gap):
    with pytest.raises(CommandError, match="--gap"):
        run(server, tmp_path, gap=gap)


def test_a_missing_file_is_an_error_in_words(server, sensors, tmp_path):
    (tmp_path / "log.csv").unlink()
    with pytest.raises(CommandError, match=r"log\.csv"):
        run(server, tmp_path)


def test_a_portal_that_stays_away_is_given_up(tmp_path):
    waits: list[float] = []
    portal = Portal("http://127.0.0.1:9", "key", sleep=waits.append)
    with pytest.raises(DeliveryError, match="given up after 6 tries"):
        portal.put(UUID("0197a3c0-6b5e-7cc3-98c4-dc0c0c07398f"), b"")
    assert waits == [1, 2, 4, 8, 16]


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x", "http://"])
def test_what_is_no_url_is_refused(url):
    with pytest.raises(DeliveryError, match="not a URL"):
        Portal(url, "key")


@pytest.mark.parametrize("text", ["", "a b c", "a b\nc\n", "# only a comment"])
def test_a_key_file_of_another_form_is_refused(text):
    with pytest.raises(ValueError, match="name key"):
        delivery.parse_keys(text)
