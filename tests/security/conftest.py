"""The portal with something on every page: observations, a ticket with a mail, a look-up, a token."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from knox.models import AuthToken
from rest_framework.test import APIClient

from apps.accounts import services as accounts
from apps.accounts.models import AuditEntry, Organisation, User
from apps.analysis.models import Annotation, Change
from apps.coordination.models import Investigation, OutgoingMail
from apps.enrichment import holder_services
from apps.enrichment.holders.assigning import assign
from apps.enrichment.models import (
    ContactRole,
    Correction,
    FeatureSet,
    Holder,
    HolderMerge,
    HostLookup,
    HostProvider,
    HostService,
    HostSnapshot,
    Lookup,
    ManualContact,
    Network,
    NetworkContact,
    State,
)
from apps.reference.models import PortAlias, PortGroup, PortNote, RoutingSnapshot, ScannerList, Snapshot
from apps.sensors.models import Exclusion, SensorKey
from tests.analysis.changes import scene as changes
from tests.cast import Cast, make_cast, sensor_client
from tests.coordination import scenes
from tests.observations import sightings
from tests.portal import scene

HOLDER = "Holder of that network"
ADDED = "known-to-us@isp.invalid"
HOLDER_ROUTES = tuple(
    f"portal:{name}"
    for name in (
        "holder", "holder-sources", "csv-holder-trend", "describe-holder", "choose-kind", "merge-holders", "holder-merges",
        "holder-networks",
        "add-holder-contact",
    )
)  # fmt: skip
NETWORK_ROUTES = ("portal:network", "portal:correct-network", "portal:add-network-contact")
CONTACT = "abuse-of-the-source@isp.invalid"
RAW = "words of the registry's raw answer"
HOST_PRODUCT, HOST_NAME, HOST_CVE, HOST_RAW = "Product of that host", "name-of-that-host.invalid", "CVE-2099-12345", "raw words of a scan"

FEATURE_SET_ROUTES = (
    "portal:feature-set", "portal:edit-feature-set", "portal:remove-feature-set", "api:feature-set", "api:feature-set-hosts",
)  # fmt: skip


@dataclass(frozen=True)
class Portal:
    cast: Cast
    ticket: Investigation
    mail: OutgoingMail
    lookup: Lookup
    token: AuthToken

    def url(self, name: str) -> str:
        """An address of the route that exists."""
        return reverse(name, kwargs=self._arguments(name))

    def _arguments(self, name: str) -> dict[str, object]:
        namespace, _colon, page = name.partition(":")
        if namespace == "admin":
            return self._row(page)
        if namespace == "coordination" and page not in ("ticket-list", "open-ticket"):
            extra = {"mail-detail": "mail_id", "mail-file": "mail_id", "settle": "mail_id", "evidence-file": "evidence_id",
                     "change-host-state": "host"}  # fmt: skip
            numbers = {"mail_id": self.mail.pk, "evidence_id": self.mail.evidence_id, "host": self.ticket.hosts.get().pk}
            return {"number": self.ticket.number} | ({extra[page]: numbers[extra[page]]} if page in extra else {})
        others: dict[str, dict[str, object]] = {
            "portal:port": {"protocol": "tcp", "number": "23"},
            "portal:port-hours": {"protocol": "tcp", "number": "23"},
            "portal:region": {"code": "JP"},
            "portal:port-mix": {"code": "JP"},
            "portal:csv-panels": {"code": "JP"},
            "portal:source": {"address": scene.JAPANESE},
            "portal:as": {"asn": 64500},
            "portal:add-source-note": {"address": scene.JAPANESE},
            "portal:csv-timeline": {"address": scene.JAPANESE},
            "portal:decide-change": {"change": Change.objects.earliest("pk").pk},
            "api:change-decision": {"change": Change.objects.earliest("pk").pk},
            "api:computation": {"uuid": UUID(int=1)},
            "api:host": {"address": scene.JAPANESE},
            "portal:sensor": {"number": self.cast.sensor.pk},
            "portal:add-note": {"kind": "advice"},
            **dict.fromkeys(("portal:edit-note", "portal:remove-note"), {"kind": "port", "number": self._note()}),
            "api:port-note": {"number": self._note()},
            **dict.fromkeys(("portal:exclusion", "portal:lift-exclusion", "api:exclusion", "api:exclusion-series"), self._exclusion()),
            **dict.fromkeys(("portal:remove-scanners", "api:scanner-list"), {"number": ScannerList.objects.earliest("pk").pk}),
            **dict.fromkeys(("portal:annotation", "portal:remove-annotation", "api:annotation"), {"number": self._annotation()}),
            **dict.fromkeys(
                ("portal:feature-set", "portal:edit-feature-set", "portal:remove-feature-set"), {"number": self._feature_set()}
            ),
            **dict.fromkeys(("api:feature-set", "api:feature-set-hosts"), {"number": self._feature_set()}),
            "api:ingest-batch": {"uuid": "no-uuid"},
            **dict.fromkeys(("enrichment:pause-provider", "enrichment:resume-provider"), {"name": "rdap:apnic"}),
            **dict.fromkeys(HOLDER_ROUTES, {"pk": Holder.objects.get(networks=self.lookup.network).pk}),
            **dict.fromkeys(NETWORK_ROUTES, {"pk": self.lookup.network_id}),
            "portal:undo-merge": {"number": HolderMerge.objects.earliest("pk").pk},
            "portal:withdraw-correction": {"number": Correction.objects.earliest("pk").pk},
            "portal:withdraw-contact": {"number": ManualContact.objects.earliest("pk").pk},
        }
        return others.get(name, {})

    def _note(self) -> int:
        return PortNote.objects.get_or_create(subject="ip/47", defaults={"text_en": "a", "text_ja": "a"})[0].pk

    def _feature_set(self) -> int:
        return FeatureSet.objects.get_or_create(name="set", defaults={"wants_all": ["tag:vpn"]})[0].pk

    def _exclusion(self) -> dict[str, object]:
        return {"number": Exclusion.objects.earliest("pk").pk}

    def _annotation(self) -> int:
        return Annotation.objects.get_or_create(day=scene.FIRST, text_en="Word of an advisory")[0].pk

    def _row(self, page: str) -> dict[str, object]:
        if page == "app_list":
            return {"app_label": "accounts"}
        if page == "view_on_site":
            return {"content_type_id": 1, "object_id": 1}
        if page == "auth_user_password_change":
            return {"id": self.cast.analyst.pk}
        model, _underscore, action = page.rpartition("_")
        if model.count("_") != 1 or action not in ("change", "history", "delete"):
            return {}
        rows: dict[str, object] = {
            "accounts_user": self.cast.analyst,
            "accounts_organisation": Organisation.objects.get_or_create(name="to delete")[0],
            "accounts_auditentry": AuditEntry.objects.first(),
            "knox_authtoken": self.token,
            "reference_portalias": PortAlias.objects.get_or_create(protocol=6, port=1433, defaults={"name": "ms-sql"})[0],
            "reference_portgroup": PortGroup.objects.get_or_create(slug="of-tests", defaults={"pattern": "tcp/1"})[0],
            "reference_snapshot": Snapshot.objects.first(),
            "reference_routingsnapshot": RoutingSnapshot.objects.get_or_create(
                family=4, date=scene.FIRST, defaults={"source": "routes", "rows": 1, "digest": "0" * 64}
            )[0],
            "reference_scannerlist": ScannerList.objects.first(),
            "sensors_sensor": self.cast.sensor,
            "sensors_sensorkey": SensorKey.objects.first(),
            "enrichment_lookup": self.lookup,
            "enrichment_network": self.lookup.network,
        }
        return {"object_id": rows[model].pk}  # type: ignore[attr-defined]

    def client_of(self, name: str) -> APIClient:
        """A browser with the person's session; a sensor's key; or nothing."""
        if name == "sensor":
            return sensor_client(self.cast.sensor_key)
        client = APIClient(headers={"accept-language": "en"})
        if name in self.cast.people:
            client.force_login(self.cast.people[name])
        return client


@pytest.fixture(scope="module")
def portal(django_db_setup, django_db_blocker):
    """One portal for all tests of a module, each of which undoes its own changes only."""
    with pytest.MonkeyPatch.context() as patches, sightings.kept(django_db_blocker), translation.override("en"):
        yield _furnished(scene.observed(make_cast()), patches)


def _furnished(cast: Cast, patches: pytest.MonkeyPatch) -> Portal:
    registry = scenes.Registry(patches)
    registry.answers[scenes.SOURCE] = scenes.FakeInfo()
    scenes.busy_source([cast.sensor, cast.sensor_a])
    _scanned(scene.JAPANESE)  # which is the ticket's source, too
    ticket = scenes.with_contact(scenes.open_ticket(cast.coordinator), cast.coordinator)
    mail = scenes.queued(ticket, cast.coordinator)
    accounts.add_token(user=cast.partner_a, name="theirs")
    ScannerList.objects.create(name="list", list_date=scene.FIRST)
    Exclusion.objects.create(sensor=cast.sensor, protocol=6, port=22, first_day=scene.FIRST, reason="maintenance")
    changes.spike()
    looked_up = _looked_up(scene.JAPANESE)
    _decided(Network.objects.get(lookups=looked_up), cast.analyst)
    return Portal(cast, ticket, mail, looked_up, AuthToken.objects.get())


def _scanned(address: str) -> None:
    now = timezone.now()
    snapshot = HostSnapshot.objects.create(
        address=address, provider=HostProvider.SHODAN, scanned_at=now, fetched_at=now, hostnames=[HOST_NAME], cves=[HOST_CVE],
        features=[f"product:tcp/23:{HOST_PRODUCT}"], raw={"org": HOST_RAW},
    )  # fmt: skip
    HostService.objects.create(snapshot=snapshot, protocol=6, port=23, product=HOST_PRODUCT)
    HostLookup.objects.create(address=address, provider=HostProvider.SHODAN, state=State.DONE, snapshot=snapshot, fetched_at=now)


def _decided(network: Network, by: User) -> None:
    """What people said of the holder and its network."""
    other = Holder.objects.create(identity="name:other", name=HOLDER.upper(), registry="ripencc")
    kept = Holder.objects.get(networks=network)
    holder_services.merge(kept=kept, absorbed=[other], reason="one company", by=by)
    holder_services.correct(network=network, field="asn", value="64500", reason="their mail", by=by)
    holder_services.add_contact(network=network, email=ADDED, role="1", reason="a call", by=by)


def _looked_up(address: str) -> Lookup:
    now = timezone.now()
    network = Network.objects.create(
        start="198.51.100.0", end="198.51.100.255", handle="NET-1", holder=HOLDER, registry="apnic", raw={"remark": RAW}, fetched_at=now
    )
    assign(network)
    NetworkContact.objects.create(network=network, email=CONTACT, role=ContactRole.ABUSE, level=0)
    return Lookup.objects.create(
        address=address, block="198.51.100.0/24", state=State.DONE, network=network, is_exact=True, fetched_at=now - timedelta(hours=1)
    )
