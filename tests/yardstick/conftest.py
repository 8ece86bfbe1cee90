"""The scenario in a database, once for a file of tests: everything stays in one transaction that is taken back."""

from collections.abc import Iterator

import pytest

from apps.portal.yardstick import loading
from tests.cast import Cast, make_cast
from tests.observations import sightings


@pytest.fixture(scope="module")
def scenario(django_db_setup, django_db_blocker) -> Iterator[Cast]:
    """People, and the loaded and counted scenario."""
    with sightings.kept(django_db_blocker):
        cast = make_cast()
        loading.load(lambda _what, _done, _total: None)
        yield cast
