import pytest
from django.db import connection
from django.utils import translation

from tests.coordination import scenes


@pytest.fixture(autouse=True)
def in_english(settings):
    """Tests read the msgids, in pages and in errors."""
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def registry(monkeypatch) -> scenes.Registry:
    """Enrichment with chosen answers; by default it knows nothing."""
    return scenes.Registry(monkeypatch)


@pytest.fixture
def known_source(cast, registry) -> str:
    """A source with packets at two sensors and a fresh look-up of its very address."""
    scenes.busy_source([cast.sensor, cast.sensor_a])
    registry.answers[scenes.SOURCE] = scenes.FakeInfo()
    return scenes.SOURCE


@pytest.fixture
def ticket(cast, known_source):
    """A draft ticket with its contact chosen."""
    return scenes.with_contact(scenes.open_ticket(cast.coordinator), cast.coordinator)


@pytest.fixture
def empty_flows(transactional_db):
    """Flows are a table of SQL, which no flush of Django empties."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE observations_flow")
