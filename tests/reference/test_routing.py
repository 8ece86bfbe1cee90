"""Who originated the route to an address on a day: the longest prefix of the snapshot in force, whatever was loaded when."""

from datetime import date, timedelta
from ipaddress import ip_address, ip_network

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import AuditEntry
from apps.common import sourcekeys
from apps.reference import routing
from apps.reference.models import FOREVER, Family, RoutedPrefix, RoutingSnapshot
from apps.reference.routing import asn_texts, origin_of, origins_of
from tests.reference.tables import load as put

pytestmark = pytest.mark.django_db

DAYS = [date(2024, 1, 1) + timedelta(days=10 * step) for step in range(4)]
BETWEEN = sorted({day + timedelta(days=step) for day in DAYS for step in (-1, 0, 1)})
Table = dict[str, str]  # prefix → origin
ORIGINS = ["64496", "64497", "64498_64499", "{64500,64501}", "65551"]


def prefixes_of(base: str, lengths: list[int]) -> st.SearchStrategy[str]:
    """Prefixes that nest and touch, because few bits of them differ."""
    network = ip_network(base)

    def cut(length: int, number: int) -> str:
        return str(list(network.subnets(new_prefix=length))[number % 2 ** (length - network.prefixlen)])

    return st.builds(cut, st.sampled_from(lengths), st.integers(0, 15))  # fmt: skip


prefixes = prefixes_of("198.51.96.0/20", [20, 21, 22, 24]) | prefixes_of("2001:db8::/60", [60, 61, 62, 64])
tables = st.dictionaries(prefixes, st.sampled_from(ORIGINS), min_size=1, max_size=10)
loads = st.lists(st.tuples(st.sampled_from(DAYS), tables), max_size=5)
ADDRESSES = [f"198.51.{96 + number}.{number}" for number in range(17)] + [f"2001:db8:0:{number:x}::1" for number in range(17)]


def forget_everything() -> None:
    RoutingSnapshot.objects.all().delete()
    RoutedPrefix.objects.all().delete()


def naive(known: dict[tuple[int, date], Table], address: str, day: date) -> tuple[str, str, date] | None:
    """Straight from the files: origin and prefix of the longest match, in the snapshot in force for the family."""
    version = ip_address(address).version
    dates = sorted(when for family, when in known if family == version)
    if not dates:
        return None
    when = max((when for when in dates if when <= day), default=dates[0])
    around = [ip_network(prefix) for prefix in known[version, when] if ip_address(address) in ip_network(prefix)]
    longest = max(around, key=lambda network: network.prefixlen, default=None)
    return (known[version, when][str(longest)], str(longest), when) if longest else None


def stored() -> list[tuple]:
    return sorted(RoutedPrefix.objects.values_list("family", "start_key", "length", "origins", "valid_from", "valid_to"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(loads)
def test_a_day_has_the_longest_match_of_the_snapshot_in_force(sequence):
    forget_everything()
    known: dict[tuple[int, date], Table] = {}
    for day, table in sequence:
        put(day, table)
        for version in {ip_network(prefix).version for prefix in table}:
            known[version, day] = {prefix: origin for prefix, origin in table.items() if ip_network(prefix).version == version}
    keys = np.array([sourcekeys.from_address(address) for address in ADDRESSES], np.uint64)
    for day in BETWEEN:
        expected = [naive(known, address, day) for address in ADDRESSES]
        found = [origin_of(address, day) for address in ADDRESSES]
        assert [one and (one.text, str(one.prefix), one.as_of) for one in found] == expected
        many = origins_of(keys, day)
        assert many.asns.tolist() == [one.asns[0] if one else 0 for one in found]
        assert many.lengths.tolist() == [one.prefix.prefixlen if one else 0 for one in found]
        assert many.starts.tolist() == [sourcekeys.from_address(str(one.prefix[0])) if one else 0 for one in found]
        assert asn_texts(keys, day) == ["_".join(map(str, one.asns)) if one else "" for one in found]
        assert many.are_several.tolist() == [bool(one and len(one.asns) > 1) for one in found]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(loads, st.randoms(use_true_random=False))
def test_the_table_is_the_same_whatever_the_order(sequence, random):
    last = {(family, day): {prefix: origin for prefix, origin in table.items() if ip_network(prefix).version == family}
            for day, table in sequence for family in {ip_network(prefix).version for prefix in table}}  # fmt: skip
    found = []
    for order in (list(last.items()), random.sample(list(last.items()), len(last))):
        forget_everything()
        for (_family, day), table in order:
            put(day, table)
        found.append(stored())
    assert found[0] == found[1]


def test_only_differences_are_stored():
    put(DAYS[0], {"192.0.2.0/24": "64500", "198.51.100.0/24": "64501"})
    put(DAYS[1], {"192.0.2.0/24": "64500", "198.51.100.0/24": "64502"})
    put(DAYS[2], {"192.0.2.0/24": "64500", "198.51.100.0/24": "64501"})
    one, other = 0xC000_0200, 0xC633_6400
    assert stored() == [
        (4, one, 24, "64500", DAYS[0], FOREVER),
        (4, other, 24, "64501", DAYS[0], DAYS[1]),
        (4, other, 24, "64501", DAYS[2], FOREVER),
        (4, other, 24, "64502", DAYS[1], DAYS[2]),
    ]


def test_a_family_without_a_file_carries_over():
    put(DAYS[0], {"192.0.2.0/24": "64500", "2001:db8::/32": "64501"})
    put(DAYS[1], {"192.0.2.0/24": "64502"})
    old, new = origin_of("2001:db8::1", DAYS[1]), origin_of("192.0.2.1", DAYS[1])
    assert old and (old.text, old.as_of) == ("64501", DAYS[0])
    assert new and (new.text, new.as_of, new.source) == ("64502", DAYS[1], f"{DAYS[1]}.dat")


def test_before_the_oldest_snapshot_the_oldest_serves_and_says_so():
    put(DAYS[1], {"192.0.2.0/24": "64500"})
    before, on = origin_of("192.0.2.1", DAYS[0]), origin_of("192.0.2.1", DAYS[1])
    assert before and on and (before.as_of, before.is_exact, on.is_exact) == (DAYS[1], False, True)


def test_nothing_is_known_where_nothing_is_loaded():
    assert origin_of("192.0.2.1", DAYS[0]) is None
    assert origins_of(np.array([1, 2**64 - 1], np.uint64), DAYS[0]).asns.tolist() == [0, 0]


def test_the_edges_of_both_spaces():
    put(DAYS[0], {"255.255.255.255/32": "64500", "0.0.0.0/1": "64501", "3fff:ffff:ffff:ffff::/64": "64502", "2000::/3": "64503"})
    found = [origin_of(address, DAYS[0]) for address in ("255.255.255.255", "0.0.0.0", "3fff:ffff:ffff:ffff::1", "2000::", "4000::", "::1")]
    assert [one.text if one else None for one in found] == ["64500", "64501", "64502", "64503", None, None]


def test_prefixes_of_an_as_are_those_it_announced_alone_or_with_others():
    put(DAYS[0], {"192.0.2.0/24": "64500", "198.51.100.0/24": "64501_64500", "203.0.113.0/24": "645", "203.0.113.0/25": "{64499,64500}"})
    (found,) = routing.maps_for(DAYS[0])
    prefixes = [str(found.prefix(row)) for row in found.prefixes_of(64500).tolist()]
    assert prefixes == ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/25"]


def test_a_map_is_kept_until_its_snapshot_is_replaced(django_assert_num_queries):
    put(DAYS[0], {"192.0.2.0/24": "64500"})
    origin_of("192.0.2.1", DAYS[0])
    with django_assert_num_queries(1):
        assert origin_of("192.0.2.1", DAYS[3])
    put(DAYS[0], {"192.0.2.0/24": "64501"})
    replaced = origin_of("192.0.2.1", DAYS[0])
    assert replaced and replaced.text == "64501"


# The command


def load(tmp_path, capsys, *tables: str, day: date = DAYS[0]) -> str:
    paths = [tmp_path / f"table{number}" for number in range(len(tables))]
    for path, table in zip(paths, tables, strict=True):
        path.write_text(table)
    call_command("load_routes", *paths, date=day)
    written = capsys.readouterr()
    return written.out + written.err


def test_the_command_says_what_changed_and_leaves_an_audit_entry(tmp_path, capsys):
    said = load(tmp_path, capsys, "192.0.2.0\t24\t64500\n0.0.0.0\t0\t64500\n", "2001:db8::\t32\t64500\n")
    assert said.splitlines() == [
        "IPv4 2024-01-01: 1 prefixes, 1 new and 0 gone since the snapshot in force",
        "IPv6 2024-01-01: 1 prefixes, 1 new and 0 gone since the snapshot in force",
        "  table0: 1 IPv4 prefixes are left out (default routes)",
    ]
    entry = AuditEntry.objects.filter(action="routes.loaded").order_by("pk")[0]
    assert (entry.target, entry.detail) == ("IPv4 2024-01-01", {"file": "table0", "prefixes": 1, "added": 1, "removed": 0})


def test_the_same_files_twice_change_nothing(tmp_path, capsys):
    text = "192.0.2.0\t24\t64500\n"
    load(tmp_path, capsys, text)
    before = stored(), AuditEntry.objects.count(), RoutingSnapshot.objects.get().loaded_at
    assert "as loaded before" in load(tmp_path, capsys, text)
    assert (stored(), AuditEntry.objects.count(), RoutingSnapshot.objects.get().loaded_at) == before


@pytest.mark.parametrize(
    ("tables", "day", "problem"),
    [
        (("192.0.2.0\t24\t64500\n", "192.0.2.0\t24\tx\n"), DAYS[0], "table1, line 1: the last field is no AS number"),
        (("192.0.2.0\t24\t64500\n", "192.0.2.0\t24\t64501\n"), DAYS[0], "table0 and table1 both hold IPv4"),
        (("192.0.2.0\t24\t64500\n",), date(2100, 1, 1), "has not come yet"),
        (("192.0.2.0\t24\t64500\n", "fd00::\t8\t64500\n"), DAYS[0], "table1 holds no prefix that can be used"),
    ],
)
def test_all_files_are_loaded_or_none(tmp_path, capsys, tables, day, problem):
    with pytest.raises(CommandError, match=problem):
        load(tmp_path, capsys, *tables, day=day)
    assert not RoutingSnapshot.objects.exists()
    assert not RoutedPrefix.objects.exists()


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CommandError, match=r"nowhere\.gz"):
        call_command("load_routes", tmp_path / "nowhere.gz", date=DAYS[0])


def test_one_file_may_hold_both_families(tmp_path, capsys):
    load(tmp_path, capsys, "192.0.2.0/24\t64500\n2001:db8::/32\t64501\n")
    assert sorted(RoutingSnapshot.objects.values_list("family", "rows", "source")) == [
        (Family.IPV4, 1, "table0"),
        (Family.IPV6, 1, "table0"),
    ]
