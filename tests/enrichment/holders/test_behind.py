"""Holders behind many sources: few queries, whoever administers them."""

from ipaddress import ip_address

import numpy as np
import pytest

from apps.enrichment import holder_services as services
from apps.enrichment.holders.behind import UNKNOWN, holders_of_networks, networks_of
from apps.enrichment.models import Holder, Network
from tests.enrichment.holders.scenes import looked_up, told

pytestmark = pytest.mark.django_db


def test_thousands_of_sources_take_two_queries(cast, django_assert_num_queries):
    for n in range(20):
        looked_up(f"198.18.{n}.1", told(f"198.18.{n}.0/24", handle=f"ORG-{n % 4}"))
    holders = list(Holder.objects.order_by("pk"))
    services.merge(kept=holders[0], absorbed=holders[1:2], reason="r", by=cast.analyst)
    first = int(ip_address("198.18.0.0"))
    keys = np.arange(first, first + 5000, dtype=np.uint64)
    with django_assert_num_queries(2):
        networks = networks_of(keys)
        found = holders_of_networks(np.unique(networks).tolist())
    assert (networks != UNKNOWN).sum() == 5000  # in 19 whole /24 and a part of the last
    assert len(found) == 20
    assert {len(one.networks) for one in found.values()} == {10, 5}
    of_first = Network.objects.filter(administered_by__in=holders[:2]).values_list("pk", flat=True)
    assert set(found[of_first[0]].networks) == set(of_first)


def test_no_networks_take_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert holders_of_networks([UNKNOWN]) == {}
