"""Which networks are one holder's, and what a new answer changes."""

from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from apps.enrichment import holder_services as services
from apps.enrichment.models import Holder, HolderKind, Network
from tests.enrichment.holders.scenes import told

pytestmark = pytest.mark.django_db


def test_a_handle_of_one_registry_is_one_holder():
    one, other = told("192.0.2.0/25", handle="ORG-1"), told("192.0.2.128/25", handle="ORG-1", holder="SAMPLE")
    elsewhere = told("198.51.100.0/24", "ripencc", handle="ORG-1")
    assert one.administered_by == other.administered_by
    assert elsewhere.administered_by != one.administered_by
    assert elsewhere.administered_by.identity == "handle:ripencc:ORG-1"


def test_without_a_handle_the_name_decides_and_without_a_name_the_network():
    named = told("192.0.2.0/25", handle=""), told("192.0.2.128/25", "ripencc", handle="")
    assert named[0].administered_by == named[1].administered_by
    bare = told("198.51.100.0/25", handle="", holder="", name="A"), told("198.51.100.128/25", handle="", holder="", name="A")
    assert bare[0].administered_by != bare[1].administered_by
    assert [network.administered_by.name for network in bare] == ["A", "A"]


def test_a_new_answer_renews_what_nobody_chose():
    told(holder="Old Ltd", country="JP")
    holder = told(holder="New Ltd", country="KR").administered_by
    assert (holder.name, holder.country, Holder.objects.count()) == ("New Ltd", "KR", 1)


def test_a_network_that_went_to_another_holder_leaves_the_first_in_place():
    first = told(handle="ORG-1").administered_by
    assert told(handle="ORG-2").administered_by != first
    assert Holder.objects.filter(pk=first.pk).exists()


def test_what_people_chose_survives_every_answer(cast):
    holder = told(name="DYNAMIC-POOL").administered_by
    assert holder.kind == HolderKind.ISP_DYNAMIC
    services.choose_kind(holder=holder, kind="enterprise", reason="their site says so", by=cast.analyst)
    services.describe(holder=holder, name="Our name", note="a note", by=cast.coordinator)
    again = told(name="DYNAMIC-POOL", holder="Registry's name").administered_by
    assert (again.kind, again.kind_reason, again.name, again.note) == ("enterprise", "their site says so", "Our name", "a note")
    services.release_kind(holder=again, by=cast.analyst)
    services.describe(holder=again, name="", note="", by=cast.analyst)
    again.refresh_from_db()
    assert (again.kind, again.name) == (HolderKind.ISP_DYNAMIC, "Registry's name")


def test_networks_of_before_get_their_holders_by_migration():
    values = {"end": "192.0.2.255", "handle": "N", "registry": "apnic", "raw": {}, "fetched_at": timezone.now()}
    for start, more in (
        ("192.0.2.0", {"holder_handle": "ORG-1", "holder": "A"}),
        ("192.0.2.1", {"holder_handle": "ORG-1", "holder": "A"}),
        ("192.0.2.2", {"holder": "B"}),
        ("192.0.2.3", {"name": "NET"}),
    ):
        Network.objects.create(start=start, **values, **more)
    migration = import_module("apps.enrichment.migrations.0006_holders_of_networks")
    migration.assign(apps, None)
    migration.assign(apps, None)
    assert list(Holder.objects.order_by("pk").values_list("identity", "name")) == [
        ("handle:apnic:ORG-1", "A"),
        ("name:B", "B"),
        ("network:192.0.2.3-192.0.2.255", "NET"),
    ]
    assert not Network.objects.filter(administered_by=None).exists()
    before = {network.pk: network.administered_by_id for network in Network.objects.all()}
    for network in Network.objects.all():
        import_module("apps.enrichment.holders.assigning").assign(network)
    assert {network.pk: network.administered_by_id for network in Network.objects.all()} == before
