"""What a group of hosts has in common that others have not."""

from datetime import date, timedelta

import numpy as np
import pytest

from apps.common import sourcekeys
from apps.enrichment.likeness import featuresets
from apps.enrichment.likeness.commonfeatures import Bundle, closures, common, most_specific
from apps.enrichment.likeness.scans import nearest, scans_of
from apps.enrichment.likeness.sightings import sightings_of
from apps.enrichment.models import FeatureSet
from tests.enrichment.likeness.profiles import add_profile

SEEN = date(2020, 11, 10)
GAME, SSH, FEW, WEB = "product:tcp/25565:Minecraft", "port:tcp/22", "derived:few-services", "port:tcp/80"


def chosen(*addresses):
    keys = np.unique(np.array([sourcekeys.from_address(one) for one in addresses], np.uint64))
    seen = sightings_of({SEEN.toordinal(): keys})
    return nearest(scans_of(seen.keys), seen)


def group(prefix, *kinds):
    """`kinds` are (number of hosts, their features); → the addresses."""
    addresses: list[str] = []
    for count, features in kinds:
        for _ in range(count):
            address = f"{prefix}.{len(addresses) + 1}"
            add_profile(address, SEEN, features=features)
            addresses.append(address)
    return addresses


@pytest.mark.django_db
def test_features_come_with_share_and_lift_against_the_others():
    mine = group("192.0.2", (6, [SSH, GAME, FEW]), (14, [SSH, WEB]))
    others = group("198.51.100", (40, [SSH, WEB]), (10, [SSH]))
    found = common(chosen(*mine), chosen(*others))
    told = {one.feature: (one.sources, one.of, one.others, one.others_of, one.lift) for one in found.features}
    assert told[GAME] == (6, 20, 0, 50, None)
    assert told[SSH] == (20, 20, 50, 50, 1.0)
    assert told[WEB] == (14, 20, 40, 50, 0.7 / 0.8)
    assert [one.feature for one in found.features][0] == SSH
    (bundle,) = found.bundles
    assert (bundle.features, bundle.sources, bundle.share, bundle.others) == ((FEW, GAME), 6, 0.3, 0)


@pytest.mark.django_db
def test_two_hosts_are_no_common_feature():
    mine = group("192.0.2", (2, [GAME]), (5, [SSH]))
    assert [one.feature for one in common(chosen(*mine), chosen()).features] == [SSH]


@pytest.mark.django_db
def test_the_scan_nearest_to_a_packet_speaks_for_a_host():
    for days, feature in ((-20, WEB), (4, GAME), (-4, SSH)):
        add_profile("192.0.2.1", SEEN + timedelta(days), features=[feature])
    add_profile("192.0.2.2", SEEN + timedelta(31), features=[GAME])
    found = chosen("192.0.2.1", "192.0.2.2")
    assert found.at.tolist() == [0]
    (snapshot,) = featuresets.HostSnapshot.objects.filter(pk__in=found.ids.tolist())
    assert snapshot.features == [GAME]  # four days after; of two as near the later


@pytest.mark.django_db
def test_a_saved_set_is_asked_of_every_profile():
    group("192.0.2", (3, [SSH, GAME, FEW]), (2, [SSH, GAME, WEB]), (4, [SSH]))
    wanted = FeatureSet.objects.create(name="game servers", wants_all=[SSH], wants_any=[GAME, "tag:game"], wants_none=[WEB])
    FeatureSet.objects.create(name="nobody", wants_all=["tag:nothing"])
    everybody = chosen(*(f"192.0.2.{number}" for number in range(1, 10)))
    assert featuresets.counts(everybody) == {wanted.pk: 3}
    add_profile("203.0.113.5", SEEN + timedelta(5), features=[SSH, GAME])
    assert [match.address for match in featuresets.newest(wanted, 10)] == ["203.0.113.5", "192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert featuresets.sets_of([SSH, GAME]) == [wanted]
    assert featuresets.sets_of([SSH, GAME, WEB]) == []
    assert featuresets.sets_of([SSH]) == []


def table(*rows):
    return np.array(rows, bool)


def test_a_bundle_takes_in_what_nearly_all_of_its_hosts_have():
    has = table(*[[1, 1, 0]] * 9, [1, 0, 0], *[[0, 0, 1]] * 4)
    assert closures(["a", "b", "c"], has) == [(frozenset("ab"), 9)]


def test_of_bundles_of_the_same_hosts_the_larger_stays():
    has = table(*[[1, 1, 1]] * 5, *[[0, 0, 0]] * 5)
    assert closures(["a", "b", "c"], has) == [(frozenset("abc"), 5)]


def test_features_that_no_host_shares_are_no_bundle():
    assert closures(["a", "b"], table([1, 0], [0, 1], [1, 0], [0, 1])) == []


def test_of_features_of_one_port_the_most_exact_stays():
    said = ["module:tcp/22:ssh", "port:tcp/22", "port:tcp/80", "product:tcp/22:OpenSSH", "tag:vpn", "version:tcp/22:OpenSSH 8.2"]
    assert most_specific(said) == ["version:tcp/22:OpenSSH 8.2", "port:tcp/80", "tag:vpn"]
    said = ["banner:tcp/22:5", "port:tcp/22", "port:udp/22", "product:udp/22:x"]
    assert most_specific(said) == ["product:udp/22:x", "port:tcp/22", "banner:tcp/22:5"]


def test_bundles_that_agree_in_more_ways_come_before_those_of_more_hosts():
    broad = Bundle(sources=30, of=49, others=0, others_of=300, features=("port:tcp/22", "tag:cloud"))
    narrow = Bundle(
        sources=15, of=49, others=0, others_of=300, features=("port:tcp/22", "port:tcp/25565", "port:udp/123", "tag:a", "tag:b")
    )
    assert sorted([broad, narrow], key=lambda one: one.rank) == [narrow, broad]
