"""The registries' own files, and real sources located with them. They are too large for the repository."""

import csv
import lzma
from bisect import bisect_right
from collections import Counter
from datetime import date
from functools import cache
from ipaddress import ip_address
from pathlib import Path

import numpy as np
import pytest

from apps.common.regions import decode
from apps.common.sourcekeys import from_address
from apps.reference import delegation_files, shipped
from apps.reference.models import REGIONAL
from apps.reference.regions import region_map_for
from apps.reference.services import load_delegations, load_shipped_delegations
from apps.reference.special import bogon_mask

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
EXTENDED = DATA / "rir" / "extended-2018-10-13"
PAIRS = DATA / "rir" / "raw-pairs"
HONEYPOT = DATA / "aws-honeypot"

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared/data beside the repository")
pytestmark = [needs_data, pytest.mark.django_db]


def naive_rows(path: Path) -> list[tuple[str, str, int, str]]:
    """Allocated and assigned records of one family, read line by line."""
    with lzma.open(path, "rt") as file:
        fields = [line.rstrip("\n").split("|") for line in file if not line.startswith("#")]
    return [(f[1], f[3], int(f[4]), f[6]) for f in fields if len(f) >= 7 and f[2] == "ipv4" and f[6] in ("allocated", "assigned")]


@pytest.mark.parametrize("registry", [registry.label for registry in REGIONAL])
def test_a_real_file_is_read_as_line_by_line(registry):
    path = EXTENDED / f"delegated-{registry}-extended-latest.xz"
    if not path.exists():
        pytest.skip(f"{path.name} is not there")
    file = delegation_files.read(path)
    v4 = [row for row in file.rows.to_pylist() if row["start_key"] < 2**32]
    expected = Counter((cc, from_address(start), from_address(start) + count - 1, status) for cc, start, count, status in naive_rows(path))
    statuses = {1: "allocated", 2: "assigned"}
    found = Counter((decode(row["region"]), row["start_key"], row["end_key"], statuses[row["status"]]) for row in v4)
    assert found == expected
    assert file.warnings == ()


def test_the_shipped_snapshot_is_the_real_one():
    files = sorted(EXTENDED.glob("*.xz"))
    if len(files) != len(REGIONAL):
        pytest.skip("not all five files are there")
    _day, packed = shipped.unpack()
    for ours, real in zip(packed, sorted((delegation_files.read(path) for path in files), key=lambda file: file.registry), strict=True):
        columns = ["start_key", "end_key", "region", "status"]
        assert ours.rows.select(columns).equals(real.rows.select(columns))


def test_real_snapshots_load_in_any_order():
    days = {
        date(2018, 11, 26): sorted((PAIRS / "2018-11-26").glob("delegated-*c-*.xz")),
        date(2018, 2, 3): sorted((PAIRS / "2018-02-03").glob("delegated-*c-*.xz")),
    }
    if not all(days.values()):
        pytest.skip("the pairs are not there")
    load_shipped_delegations()
    for day, paths in days.items():
        assert load_delegations(paths=[path for path in paths if "iana" not in path.name], day=day).moves
    for day, paths in days.items():
        again = load_delegations(paths=[path for path in paths if "iana" not in path.name], day=day)
        assert again.changed_from is None
        regions = region_map_for(day)
        assert regions.as_of == max(source.date for source in regions.sources)
        for path in paths:
            sample = naive_rows(path)[::97]
            found = regions.lookup(np.array([from_address(start) for _cc, start, _count, _status in sample], np.uint64))
            assert [decode(int(code)) for code in found] == [cc for cc, *_ in sample]


def test_sources_of_the_honeypots_are_located_as_one_by_one():
    files = list(HONEYPOT.glob("*.csv.xz"))
    if not files:
        pytest.skip("the honeypot log is not there")
    with lzma.open(files[0], "rt") as file:
        keys = np.array(sorted({int(row["src"]) for row in csv.DictReader(file)}), np.uint64)
    load_shipped_delegations()
    found = [decode(int(code)) for code in region_map_for(date(2013, 3, 3)).lookup(keys)]
    bogons = [address for address in map(ip_address, keys.tolist()) if not address.is_global or address.is_multicast]
    assert found == [naive_region(int(key)) for key in keys]
    assert [ip_address(int(key)) for key in keys[bogon_mask(keys)]] == bogons
    assert bogons
    assert {found[int(np.searchsorted(keys, int(address)))] for address in bogons} == {"ZZ"}


def naive_region(key: int) -> str:
    starts, rows = shipped_rows()
    row = rows[max(bisect_right(starts, key) - 1, 0)]
    return decode(row["region"]) if row["start_key"] <= key <= row["end_key"] else "ZZ"


@cache
def shipped_rows() -> tuple[list[int], list[dict]]:
    rows = sorted((row for file in shipped.unpack()[1] for row in file.rows.to_pylist()), key=lambda row: row["start_key"])
    return [row["start_key"] for row in rows], rows
