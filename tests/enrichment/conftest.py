import pytest

from apps.enrichment import tasks
from tests.enrichment.working import Handed


@pytest.fixture
def queued(monkeypatch) -> Handed:
    """What was handed to the broker, which is not there: `working.work(queued)` carries it out."""
    handed: Handed = []
    monkeypatch.setattr(tasks.look_up, "delay", lambda kind, lookup_id: handed.append((kind, lookup_id)))
    return handed
