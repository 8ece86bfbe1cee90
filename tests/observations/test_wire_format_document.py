"""docs/wire-format.md says what the code does."""

import json
import os
import re
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest
from django.conf import settings
from django.db import connection

from apps.observations.intake import wire
from apps.observations.models import Batch, Signature
from tests.cast import make_cast
from tests.debian import need
from tests.observations import live

TEXT = (Path(__file__).parents[2] / "docs" / "wire-format.md").read_text()
EXAMPLES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]


def example(field):
    return next(block for block in EXAMPLES if field in block)


def section(title):
    return TEXT.partition(f"### {title}\n")[2].partition("\n###")[0].partition("\n## ")[0]


def first_cells(text):
    """The names in the first column of the tables of a section."""
    return [name for line in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", line)]


def test_the_header_is_told_whole():
    assert set(first_cells(section("Header"))) == {"schema", "from", "to", "sequence", "agent", "capture", "sensor"}
    text = json.dumps(example("schema")).encode()
    header = wire.parse_header(text, row=1, earliest=None, latest=wire.datetime.max.replace(tzinfo=wire.UTC))
    assert header.sequence == 17


def test_every_field_of_a_flow_and_of_a_sample_is_told():
    numbers = {str(number.value) for number in Signature}
    assert set(first_cells(section("Flows"))) - numbers == set(wire.NDJSON_FLOWS.names)
    assert set(first_cells(section("Packet samples"))) == {field.name for field in wire.NDJSON_SAMPLE}
    assert set(example("bucket")) <= set(wire.NDJSON_FLOWS.names)
    assert set(example("seen_at")) == {field.name for field in wire.NDJSON_SAMPLE}


def test_the_columns_of_arrow_stand_in_their_order():
    assert first_cells(section("Arrow IPC stream")) == wire.ARROW_FLOWS.names
    rows = re.findall(r"^\| (`.*?) \| (\w+)", section("Arrow IPC stream"), re.MULTILINE)
    told = [(name, kind) for names, kind in rows for name in re.findall(r"`(\w+)`", names)]
    assert told == [(field.name, "list" if pa.types.is_list(field.type) else str(field.type)) for field in wire.ARROW_FLOWS]
    for field in wire.ARROW_SAMPLE:
        assert f"`{field.name}` {field.type}" in section("Arrow IPC stream")


def test_the_numbers_and_labels_of_signatures_agree():
    told = re.findall(r"^\| (\d) \| `(\w+)`", section("Flows"), re.MULTILINE)
    assert [(int(number), label) for number, label in told] == list(enumerate(wire.SIGNATURES))


def test_limits_are_the_ones_in_force():
    assert f"body {settings.INGEST_MAX_BODY_BYTES // 2**20} MiB, decompressed {settings.INGEST_MAX_DECODED_BYTES // 2**20} MiB" in TEXT
    assert f"{settings.INGEST_MAX_FLOWS:,} flows, {settings.INGEST_MAX_REQUESTS_PER_MINUTE:,} requests a minute" in TEXT
    assert f"(`INGEST_MAX_AGE_DAYS` ({settings.INGEST_MAX_AGE_DAYS})" in TEXT.replace("at most ", "(")


def test_what_a_heartbeat_reports_is_told():
    told = set(re.findall(r"`(\w+)`", TEXT.partition("| `report` |")[2].partition("\n")[0]))
    assert told == wire.REPORT_COUNTERS


@pytest.mark.django_db(transaction=True)
def test_the_curl_example_works_as_it_stands(tmp_path):
    need("curl")
    need("openssl")
    cast = make_cast()
    [script] = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    with live.web() as web:
        environment = {**os.environ, "PORTAL": web.url, "SENSOR_KEY": cast.sensor_key}
        done = subprocess.run(["sh", "-e", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert (answer["new"], answer["flows"], answer["packets"]) == (True, 2, 4), done
    assert Batch.objects.get().sensor == cast.sensor
    with connection.cursor() as cursor:
        cursor.execute("SELECT signature, packets FROM observations_flow ORDER BY packets")
        assert cursor.fetchall() == [(Signature.BOGON, 1), (Signature.BOGON, 3)]  # documentation addresses
        cursor.execute("TRUNCATE observations_flow")
