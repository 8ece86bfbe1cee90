"""A throw-away database for benchmarks, on the embedded PostgreSQL as the portal runs it (or on DATABASE_URL's server)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tsubame_portal import embedded


@contextmanager
def empty_database(name: str = "bench", *, kept: bool = False) -> Iterator[None]:
    """Django set up on a freshly migrated database that is dropped at the end; with `kept`, on the one an earlier run left,
    and left again."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsubame_portal.settings")
    with embedded.servers():
        import django

        django.setup()
        from django.db import connection

        usual = connection.settings_dict["NAME"]
        connection.settings_dict.setdefault("TEST", {})["NAME"] = f"{usual}_{name}"
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=kept)
        try:
            yield
        finally:
            connection.creation.destroy_test_db(usual, verbosity=0, keepdb=kept)
