"""The named cast: who may see what, readable in every test.

A pytest function asks for the fixture `cast`; a Django test case takes `CastMixin` and finds `self.cast`.
"""

from dataclasses import dataclass, fields
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts.models import Organisation, Role, User
from apps.sensors.models import Sensor
from tests.factories import OrganisationFactory, SensorFactory, SensorKeyFactory, UserFactory


@dataclass(frozen=True)
class Cast:
    """Own staff by role; two partners, each with one sensor and one region; own sensor with a key; a stranger."""

    own: Organisation
    organisation_a: Organisation  # region JP, owns sensor_a (domestic)
    organisation_b: Organisation  # region DE, owns sensor_b (overseas)
    analyst: User
    coordinator: User
    approver: User
    auditor: User
    admin: User
    partner_a: User
    partner_b: User
    sensor: Sensor  # of the own CSIRT, domestic
    sensor_a: Sensor
    sensor_b: Sensor
    sensor_key: str  # plain text of the key of `sensor`; may not import
    anonymous: AnonymousUser

    @property
    def people(self) -> dict[str, User]:
        """Everybody who can sign in, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if isinstance(getattr(self, field.name), User)}


def make_cast() -> Cast:
    own = OrganisationFactory(name="Own CSIRT", kind=Organisation.Kind.OWN_CSIRT)
    organisation_a = OrganisationFactory(name="Partner A", regions=["JP"])
    organisation_b = OrganisationFactory(name="Partner B", regions=["DE"])
    sensor = SensorFactory(name="own-tokyo", organisation=own)
    return Cast(
        own=own,
        organisation_a=organisation_a,
        organisation_b=organisation_b,
        **{
            role.value: UserFactory(username=role.value, organisation=own, roles=[role])
            for role in Role
            if role not in (Role.PARTNER, Role.ADMIN)
        },
        admin=UserFactory(username="admin", organisation=own, roles=[Role.ADMIN], is_staff=True, is_superuser=True),
        partner_a=UserFactory(username="partner_a", organisation=organisation_a, roles=[Role.PARTNER]),
        partner_b=UserFactory(username="partner_b", organisation=organisation_b, roles=[Role.PARTNER]),
        sensor=sensor,
        sensor_a=SensorFactory(name="host-osaka", organisation=organisation_a),
        sensor_b=SensorFactory(name="host-frankfurt", organisation=organisation_b, country="DE", is_overseas=True),
        sensor_key=SensorKeyFactory(sensor=sensor).plain,
        anonymous=AnonymousUser(),
    )


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


class CastMixin:
    """For Django test cases: the cast is made once per class."""

    cast: Cast

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()  # type: ignore[misc]
        cls.cast = make_cast()


def client_for(user: User | AnonymousUser) -> Client:
    """A browser signed in as the user."""
    client = Client()
    if isinstance(user, User):
        client.force_login(user)
    return client


def api_client_for(user: User | AnonymousUser) -> APIClient:
    """An API client that acts as the user (no token is made)."""
    client = APIClient()
    if isinstance(user, User):
        client.force_authenticate(user)
    return client


def sensor_client(key: str) -> APIClient:
    """An API client that sends a sensor key."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Sensor-Key {key}")
    return client


def statuses(cast: Cast, method: str, url: str, *, api: bool = False, **kwargs: Any) -> dict[str, int]:
    """What each of the cast gets from `method url`: {'analyst': 200, …, 'anonymous': 302}."""
    connect = api_client_for if api else client_for
    everybody: dict[str, User | AnonymousUser] = {**cast.people, "anonymous": cast.anonymous}
    return {name: getattr(connect(user), method)(url, **kwargs).status_code for name, user in everybody.items()}
