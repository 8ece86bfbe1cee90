"""Rows whose values do not matter to the test that asks for them."""

from datetime import date
from typing import Any

import factory
from factory.django import DjangoModelFactory

from apps.accounts.models import Organisation, User
from apps.sensors.models import Sensor, SensorKey

PASSWORD = "correct horse battery staple"


class OrganisationFactory(DjangoModelFactory[Organisation]):
    name = factory.Sequence(lambda n: f"Organisation {n}")
    kind = Organisation.Kind.PARTNER_CSIRT

    class Meta:
        model = Organisation


class UserFactory(DjangoModelFactory[User]):
    """A user with PASSWORD and no role; English, so that tests read the msgids."""

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.invalid")
    organisation = factory.SubFactory(OrganisationFactory)
    language = "en"

    class Meta:
        model = User

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        kwargs.setdefault("password", PASSWORD)
        return model_class.objects.create_user(*args, **kwargs)


class SensorFactory(DjangoModelFactory[Sensor]):
    name = factory.Sequence(lambda n: f"sensor-{n}")
    organisation = factory.SubFactory(OrganisationFactory, kind=Organisation.Kind.SENSOR_HOST)
    country = "JP"
    is_overseas = False
    active_from = date(2013, 1, 1)

    class Meta:
        model = Sensor


class SensorKeyFactory(DjangoModelFactory[SensorKey]):
    """A stored key; its plain text is in the attribute `plain` of the returned row only."""

    plain: str

    name = factory.Sequence(lambda n: f"key {n}")
    sensor = factory.SubFactory(SensorFactory)

    class Meta:
        model = SensorKey

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        key, plain = model_class.objects.create_key(*args, **kwargs)
        key.plain = plain
        return key


def make_key(sensor: Sensor, **values: Any) -> str:
    """The plain text of a new key."""
    _key, plain = SensorKey.objects.create_key(sensor=sensor, name="test", **values)
    return str(plain)
