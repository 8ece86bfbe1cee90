"""Merges in any order, undone in any order; and what may be one."""

import random

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.common.errors import DomainError
from apps.enrichment import holder_services as services
from apps.enrichment.holders import merging
from apps.enrichment.holders.behind import holders_of_networks
from apps.enrichment.holders.merging import Candidate, Likeness
from apps.enrichment.models import Holder, HolderMerge
from tests.enrichment.holders.scenes import told

pytestmark = pytest.mark.django_db


@pytest.fixture
def holders():
    return [told(f"192.0.2.{16 * n}/28", handle=f"ORG-{n}", holder=f"Holder {n}").administered_by for n in range(7)]


def merge(kept, absorbed, by):
    return services.merge(kept=kept, absorbed=[absorbed], reason="one company", by=by)[0]


def now(holders):
    return dict(Holder.objects.filter(pk__in=[one.pk for one in holders]).values_list("pk", "merged_into_id"))


def test_chains_are_flat_and_taking_a_link_out_leaves_the_others(holders, cast):
    a, b, c = holders[:3]
    first, second = merge(b, a, cast.analyst), merge(c, b, cast.analyst)
    assert now([a, b, c]) == {a.pk: c.pk, b.pk: c.pk, c.pk: None}
    services.undo_merge(merge=first, by=cast.analyst)
    assert now([a, b, c]) == {a.pk: None, b.pk: c.pk, c.pk: None}
    services.undo_merge(merge=second, by=cast.analyst)
    assert now([a, b, c]) == {a.pk: None, b.pk: None, c.pk: None}


def test_undoing_the_last_of_a_chain_keeps_the_first(holders, cast):
    a, b, c = holders[:3]
    merge(b, a, cast.analyst)
    services.undo_merge(merge=merge(c, b, cast.analyst), by=cast.analyst)
    assert now([a, b, c]) == {a.pk: b.pk, b.pk: None, c.pk: None}


def test_who_was_merged_stands_for_the_holder_it_counts_for(holders, cast):
    a, b, c = holders[:3]
    merge(b, a, cast.analyst)
    made = merge(a, c, cast.analyst)  # into a, which is b by now
    assert (made.kept_id, made.absorbed_id) == (b.pk, c.pk)
    with pytest.raises(DomainError):
        merge(c, a, cast.analyst)


@pytest.mark.parametrize("seed", range(5))
def test_any_order_of_merges_and_undos_gives_what_replaying_those_in_force_gives(holders, cast, seed):
    chance = random.Random(seed)
    for _turn in range(30):
        in_force = list(HolderMerge.objects.filter(undone_at=None))
        if in_force and chance.random() < 0.45:
            services.undo_merge(merge=chance.choice(in_force), by=cast.analyst)
        else:
            kept, absorbed = chance.sample(holders, 2)
            try:
                merge(kept, absorbed, cast.analyst)
            except DomainError:
                continue  # one already
        assert now(holders) == by_hand(holders)
        parents = {merged for merged in now(holders).values() if merged}
        assert not parents & {pk for pk, merged in now(holders).items() if merged}  # flat


def by_hand(holders):
    """Sets of holders that the merges in force join; the one of a set that no merge absorbed stands for it."""
    sets = {one.pk: {one.pk} for one in holders}
    merges = list(HolderMerge.objects.filter(undone_at=None).values_list("kept_id", "absorbed_id"))
    for kept, absorbed in merges:
        joined = sets[kept] | sets[absorbed]
        for pk in joined:
            sets[pk] = joined
    absorbed_ones = {absorbed for _kept, absorbed in merges}
    return {pk: next(iter(joined - absorbed_ones)) if pk in absorbed_ones else None for pk, joined in sets.items()}


def test_networks_of_a_merged_holder_count_for_the_other(holders, cast):
    a, b = holders[:2]
    networks = {one.pk: one.networks.get().pk for one in (a, b)}
    made = merge(b, a, cast.analyst)
    found = holders_of_networks(networks.values())
    assert {holder.id for holder in found.values()} == {b.pk}
    assert set(found[networks[a.pk]].networks) == set(networks.values())
    services.undo_merge(merge=made, by=cast.analyst)
    assert {network: holder.id for network, holder in holders_of_networks(networks.values()).items()} == {
        network: pk for pk, network in networks.items()
    }


def test_merges_and_undos_are_in_the_audit_log_and_undone_once(holders, cast):
    made = merge(holders[0], holders[1], cast.coordinator)
    services.undo_merge(merge=made, by=cast.analyst)
    with pytest.raises(DomainError):
        services.undo_merge(merge=made, by=cast.analyst)
    actions = list(AuditEntry.objects.filter(action__startswith="holder.").order_by("pk").values_list("action", "actor_name"))
    assert actions == [("holder.merged", "coordinator"), ("holder.merge_undone", "analyst")]
    made.refresh_from_db()
    assert (made.reason, made.undone_by, made.undone_at <= timezone.now()) == ("one company", cast.analyst, True)


def test_a_merge_wants_a_reason(holders, cast):
    with pytest.raises(DomainError) as refused:
        services.merge(kept=holders[0], absorbed=[holders[1]], reason="  ", by=cast.analyst)
    assert set(refused.value.fields) == {"reason"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sample Networks Co., Ltd.", "SAMPLE NETWORKS"),
        ("株式会社サンプル", "サンプル（株）"),
        ("Sample Inc", "Sample, Inc."),
        ("Ｓａｍｐｌｅ　Ｎｅｔ", "sample-net"),
        ("Sample B.V.", "Sample BV"),
        ("주식회사 샘플넷", "샘플넷"),
        ("Sample GmbH & Co. KG", "Sample GmbH"),
    ],
)
def test_names_that_differ_in_form_alone_are_alike(one, other):
    assert merging.normalised(one) == merging.normalised(other) != ""


@pytest.mark.parametrize(("one", "other"), [("Sample East", "Sample West"), ("Incline Net", "Line Net"), ("Company", "Limited")])
def test_names_that_differ_otherwise_are_not(one, other):
    assert merging.normalised(one) != merging.normalised(other)


def test_groups_are_offered_once_by_handle_then_by_name():
    known = [
        Candidate(1, "Sample Co., Ltd.", "apnic", "ORG-1"),
        Candidate(2, "SAMPLE", "ripencc", "org-1"),
        Candidate(3, "Other", "arin", ""),
        Candidate(4, "Far", "arin", "X"),
        Candidate(5, "Far Inc.", "lacnic", "Y"),
        Candidate(6, "", "arin", ""),
    ]
    groups = merging.alike(known)
    assert [(group.likeness, [one.id for one in group.members]) for group in groups] == [(Likeness.HANDLE, [1, 2]), (Likeness.NAME, [4, 5])]
