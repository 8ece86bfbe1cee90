from datetime import date, timedelta

import pytest
from django.utils import timezone

from apps.common.errors import DomainError
from apps.common.regions import encode
from apps.reference.models import Delegation, Registry, Snapshot
from apps.reference.moves import Move
from apps.reference.services import load, load_delegations
from tests.reference.files import delegated, file_of

pytestmark = pytest.mark.django_db
DAY = date(2018, 10, 13)
JP, NL, GB = (encode(code) for code in ("JP", "NL", "GB"))
V6 = 0x2001_0DB8 << 32


def test_a_load_says_which_days_it_changed():
    first = load(files=[file_of(Registry.APNIC, [(0, 9, JP, 1, "")])], day=DAY)
    assert (first.changed_from, first.changed_to) == (date.min, date.max)
    later = load(files=[file_of(Registry.APNIC, [(0, 9, NL, 1, "")])], day=date(2020, 1, 1))
    assert (later.changed_from, later.changed_to) == (date(2020, 1, 1), date.max)
    between = load(files=[file_of(Registry.APNIC, [(0, 9, GB, 1, "")])], day=date(2019, 1, 1))
    assert (between.changed_from, between.changed_to) == (date(2019, 1, 1), date(2020, 1, 1))
    again = load(files=[file_of(Registry.APNIC, [(0, 9, GB, 1, "")])], day=date(2019, 1, 1))
    assert (again.changed_from, again.changed_to, again.moves) == (None, None, ())
    assert again.files[0].difference is None


def test_files_of_several_registries_change_the_union_of_their_days():
    load(files=[file_of(Registry.APNIC, [(0, 9, JP, 1, "")])], day=DAY)
    files = [file_of(Registry.APNIC, [(0, 9, NL, 1, "")]), file_of(Registry.ARIN, [(10, 19, GB, 1, "")])]
    both = load(files=files, day=date(2020, 1, 1))
    assert (both.changed_from, both.changed_to) == (date.min, date.max)


def test_moves_count_addresses_of_both_families():
    load(files=[file_of(Registry.RIPENCC, [(0, 99, NL, 1, ""), (V6, V6 + 9, NL, 1, "")])], day=DAY)
    later = [(0, 9, GB, 1, ""), (10, 99, NL, 2, ""), (V6, V6 + 3, JP, 1, ""), (V6 + 4, V6 + 9, NL, 1, "")]
    moved = load(files=[file_of(Registry.RIPENCC, later)], day=date(2020, 12, 17)).moves
    assert moved == (Move("NL", "GB", ipv4=10, ipv6=0), Move("NL", "JP", ipv4=0, ipv6=4))


def test_two_files_of_one_registry_are_refused_and_nothing_is_stored(tmp_path):
    paths = [tmp_path / name for name in ("first", "second")]
    for path in paths:
        path.write_bytes(delegated("apnic", "JP|ipv4|192.0.2.0|256|20000101|allocated|A1"))
    with pytest.raises(DomainError, match="first and second are both of apnic"):
        load_delegations(paths=paths, day=DAY)
    assert not Snapshot.objects.exists()


def test_a_bad_file_keeps_the_good_ones_beside_it_out(tmp_path):
    (tmp_path / "good").write_bytes(delegated("apnic", "JP|ipv4|192.0.2.0|256|20000101|allocated|A1"))
    (tmp_path / "bad").write_bytes(delegated("arin", "US|ipv4|192.0.2.300|256|20000101|allocated|A1"))
    with pytest.raises(DomainError, match="bad, line 5"):
        load_delegations(paths=[tmp_path / "good", tmp_path / "bad"], day=DAY)
    assert not Delegation.objects.exists()


@pytest.mark.parametrize(
    ("file_day", "warns"), [(DAY, False), (DAY - timedelta(days=7), False), (DAY - timedelta(days=8), True), (None, False)]
)
def test_a_file_of_another_time_is_loaded_with_a_warning(file_day, warns):
    result = load(files=[file_of(Registry.APNIC, [(0, 9, JP, 1, "")], file_day)], day=DAY)
    assert bool(result.files[0].warnings) == warns


def test_a_snapshot_of_the_future_is_refused():
    with pytest.raises(DomainError, match="has not come yet"):
        load(files=[file_of(Registry.APNIC, [])], day=timezone.now().date() + timedelta(days=2))
