"""Blocks that changed their region: printed from small files, and from the registries' own where they are at hand."""

from datetime import date
from io import StringIO
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.common.regions import encode
from apps.reference import delegation_files, snapshots
from apps.reference.models import DelegationStatus, Registry
from apps.reference.movedblocks import moved
from apps.reference.regions import region_map_for
from apps.reference.services import load_delegations
from tests.reference.files import table_of

PAIRS = Path(__file__).resolve().parents[3] / "shared" / "data" / "rir" / "raw-pairs"
BEFORE, AFTER = date(2018, 2, 3), date(2018, 11, 26)
REGISTRIES = ("afrinic", "apnic", "lacnic")
pytestmark = pytest.mark.django_db


def printed(*arguments: str, **options) -> list[str]:
    out = StringIO()
    call_command("diff_delegations", *arguments, stdout=out, **options)
    return out.getvalue().splitlines()


def row(start: str, count: int, region: str):
    key = int(IPv4Address(start))
    return (key, key + count - 1, encode(region), DelegationStatus.ALLOCATED.value, "")


@pytest.fixture
def two_snapshots():
    snapshots.put(
        Registry.RIPENCC, BEFORE, table_of([row("80.82.64.0", 4096, "NL"), row("93.174.88.0", 2048, "NL"), row("62.0.0.0", 256, "DE")])
    )
    snapshots.put(
        Registry.RIPENCC, AFTER, table_of([row("80.82.64.0", 4096, "GB"), row("62.0.0.0", 256, "DE"), row("62.1.0.0", 768, "FR")])
    )


def test_the_command_prints_each_block_the_largest_first(two_snapshots):
    assert [line.split() for line in printed("2018-02-03", "2018-11-26")[1:]] == [
        ["ripencc", "80.82.64.0/20", "NL", "→", "GB", "2018-11-26"],
        ["ripencc", "93.174.88.0/21", "NL", "→", "ZZ", "2018-11-26"],
        ["ripencc", "62.1.0.0", "-", "62.1.2.255", "ZZ", "→", "FR", "2018-11-26"],
    ]


def test_the_command_narrows_by_region_and_kind(two_snapshots):
    assert len(printed("2018-02-03", "2018-11-26", region="fr")) == 2
    assert len(printed("2018-02-03", "2018-11-26", between=True)) == 2
    assert len(printed("2018-02-03", "2018-11-26", registry="apnic")) == 1
    assert printed("2018-02-03", "2018-11-26", limit=1)[0].startswith("3 blocks differ")
    assert len(printed("2018-02-03", "2018-11-26", limit=1)) == 2


def test_nothing_moves_between_days_of_one_snapshot(two_snapshots):
    assert printed("2018-02-03", "2018-11-25")[0] == "0 blocks differ. Snapshots: 2018-02-03."


@pytest.mark.parametrize(("days", "options"), [(("2018-11-26", "2018-02-03"), {}), (("2018-02-03", "2018-11-26"), {"region": "QQ"})])
def test_the_command_refuses_what_it_cannot_compare(days, options):
    with pytest.raises(CommandError):
        printed(*days, **options)


@pytest.mark.skipif(not PAIRS.is_dir(), reason="no ../shared/data beside the repository")
def test_the_registries_own_files_differ_as_line_by_line():
    """Every address that AFRINIC, APNIC and LACNIC moved between the two days, against sets of their files' own ranges."""
    files = {
        day: [path for name in REGISTRIES for path in sorted((PAIRS / str(day)).glob(f"delegated-{name}*.xz"))] for day in (BEFORE, AFTER)
    }
    for day, paths in files.items():
        load_delegations(paths=paths, day=day)
    found = moved(region_map_for(BEFORE), region_map_for(AFTER))
    four = found.starts < 1 << 32
    moves = sum((found.ends[four] - found.starts[four] + 1).tolist())
    assert moves == _moved_addresses(files)
    assert moves > 0


def _moved_addresses(files) -> int:
    """IPv4 addresses whose region differs, by sweeping the edges of both days' ranges."""
    edges: list[tuple[int, int, int, int]] = []  # address, day, region, +1 or -1
    for number, day in enumerate((BEFORE, AFTER)):
        for path in files[day]:
            for one in delegation_files.read(path).rows.to_pylist():
                if one["start_key"] < 1 << 32:
                    edges += [(one["start_key"], number, one["region"], 1), (one["end_key"] + 1, number, one["region"], -1)]
    edges.sort()
    held: list[dict[int, int]] = [{}, {}]
    total, at = 0, 0
    for address, number, region, step in edges:
        sides = [{key for key, count in side.items() if count} for side in held]
        total += (address - at) * (sides[0] != sides[1])
        at = address
        held[number][region] = held[number].get(region, 0) + step
    return total
