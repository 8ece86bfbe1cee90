import pytest
from django.test import Client

from tests.cast import make_cast
from tests.observations import sightings
from tests.portal import scene


@pytest.fixture(scope="module")
def seen(django_db_setup, django_db_blocker):
    """The cast, and what its sensors saw, for all tests of a module."""
    with sightings.kept(django_db_blocker):
        yield scene.observed(make_cast())


@pytest.fixture
def visit(db, settings):
    """`visit(user, path, **query)` → the response, in English."""
    settings.LANGUAGE_CODE = "en"

    def get(user, path, **query):
        client = Client(headers={"accept-language": "en"})
        if user is not None:
            client.force_login(user)
        return client.get(path, query)

    return get
