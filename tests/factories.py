"""Rows whose values do not matter to the test that asks for them."""

from datetime import date
from typing import TYPE_CHECKING, Any

import factory
from factory.django import DjangoModelFactory

from apps.accounts.models import Organisation, User
from apps.sensors.models import Sensor, SensorKey

PASSWORD = "correct horse battery staple"


class _OrganisationFactory(DjangoModelFactory):
    name = factory.Sequence(lambda n: f"Organisation {n}")
    kind = Organisation.Kind.PARTNER_CSIRT

    class Meta:
        model = Organisation


class _UserFactory(DjangoModelFactory):
    """A user with PASSWORD and no role; English, so that tests read the msgids."""

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.invalid")
    organisation = factory.SubFactory(_OrganisationFactory)
    language = "en"

    class Meta:
        model = User

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        kwargs.setdefault("password", PASSWORD)
        return model_class.objects.create_user(*args, **kwargs)


class _SensorFactory(DjangoModelFactory):
    name = factory.Sequence(lambda n: f"sensor-{n}")
    organisation = factory.SubFactory(_OrganisationFactory, kind=Organisation.Kind.SENSOR_HOST)
    country = "JP"
    is_overseas = False
    active_from = date(2013, 1, 1)

    class Meta:
        model = Sensor


class _SensorKeyFactory(DjangoModelFactory):
    """A stored key; its plain text is in the attribute `plain` of the returned row only."""

    name = factory.Sequence(lambda n: f"key {n}")
    sensor = factory.SubFactory(_SensorFactory)

    class Meta:
        model = SensorKey

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        key, plain = model_class.objects.create_key(*args, **kwargs)
        key.plain = plain
        return key


if TYPE_CHECKING:
    # A type checker takes the call of a class for an instance of it; the call of a factory is a row.
    class _KeyWithSecret(SensorKey):
        plain: str

        class Meta:
            abstract = True

    def OrganisationFactory(**values: Any) -> Organisation: ...
    def UserFactory(**values: Any) -> User: ...
    def SensorFactory(**values: Any) -> Sensor: ...
    def SensorKeyFactory(**values: Any) -> _KeyWithSecret: ...

else:
    OrganisationFactory, UserFactory, SensorFactory, SensorKeyFactory = (
        _OrganisationFactory,
        _UserFactory,
        _SensorFactory,
        _SensorKeyFactory,
    )
