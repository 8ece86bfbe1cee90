"""The snapshot that comes with the portal."""

import io
from datetime import date

import numpy as np
import pytest
from django.core.management import call_command

from apps.common.regions import decode
from apps.common.sourcekeys import from_address
from apps.reference import shipped
from apps.reference.delegations import delegation_of
from apps.reference.models import REGIONAL, Registry
from apps.reference.names import is_region
from apps.reference.regions import region_map_for
from apps.reference.services import load_shipped_delegations
from tests.reference.files import delegated

MAX_BYTES = 2_000_000
DAY = date(2018, 10, 13)


def test_the_shipped_snapshot_is_of_all_five_registries_and_small():
    day, files = shipped.unpack()
    assert (day, {file.registry for file in files}) == (DAY, set(REGIONAL))
    assert shipped.SNAPSHOT.stat().st_size < MAX_BYTES


def test_every_shipped_region_has_a_name():
    _day, files = shipped.unpack()
    codes = {decode(code) for file in files for code in set(file.rows["region"].to_pylist())}
    assert {code for code in codes if not is_region(code)} == set()
    assert len(codes) > 200


@pytest.mark.django_db
def test_the_shipped_snapshot_answers():
    load_shipped_delegations()
    wanted = {"80.82.64.1": "NL", "133.1.2.3": "JP", "8.8.8.8": "US", "10.0.0.1": "ZZ", "2001:240::1": "JP", "2a00:1450::1": "IE"}
    regions = region_map_for(date(2013, 7, 1))
    found = regions.lookup(np.array([from_address(address) for address in wanted], np.uint64))
    assert [decode(int(code)) for code in found] == list(wanted.values())
    assert not regions.is_exact
    record = delegation_of("133.1.2.3", DAY)
    assert (str(record.start), str(record.end), record.registry, record.as_of) == ("133.0.0.0", "133.255.255.255", "apnic", DAY)


def test_packing_loses_only_what_it_says(tmp_path):
    source, packed, out = tmp_path / "apnic", tmp_path / "packed.parquet", io.StringIO()
    records = (
        "JP|ipv4|192.0.2.0|300|20000101|allocated|A1",
        "EU|ipv6|2001:db8::|29|20000101|assigned|B",
        "|ipv4|198.51.100.0|256||available|",
    )
    source.write_bytes(delegated("apnic", *records))
    call_command("pack_delegations", str(source), "--date", "2018-10-13", "--output", str(packed), stdout=out)
    assert out.getvalue().startswith("2 delegations, ")
    day, [file] = shipped.unpack(packed)
    v4, v6 = from_address("192.0.2.0"), from_address("2001:db8::")
    assert (day, file.registry) == (DAY, Registry.APNIC)
    assert [
        (row["start_key"], row["end_key"], decode(row["region"]), row["status"], row["opaque_id"]) for row in file.rows.to_pylist()
    ] == [
        (v4, v4 + 299, "JP", 1, ""),
        (v6, v6 + (1 << 35) - 1, "EU", 2, ""),
    ]


def test_service_names_are_packed_from_the_registry_file(tmp_path):
    rows = [
        "Service Name,Port Number,Transport Protocol,Description",
        "http,80,tcp,World Wide Web HTTP",
        'www,80,tcp,"historic,\nname"',
        ",4,tcp,Unassigned",
        "x11,6000-6002,udp,X Window System",
        "nothing,9,sctp,not a protocol of ours",
        "spoken,,tcp,without a port",
    ]
    (tmp_path / "names.csv").write_text("\n".join(rows))
    out = io.StringIO()
    call_command("pack_service_names", str(tmp_path / "names.csv"), "--date", "2024-05-22", "--output", str(tmp_path / "o.gz"), stdout=out)
    assert out.getvalue().startswith("4 names, ")
