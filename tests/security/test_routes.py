"""Who gets into which route. The table is tests/security/routes.py."""

import pytest
from django.db import transaction

from tests.portal.scene import PERIOD
from tests.security import routes

NAMES = [name for name, _pattern in routes.walk()]


def test_every_route_is_in_the_table():
    assert set(NAMES) - routes.UNNAMED == set(routes.TABLE)


@pytest.mark.parametrize("name", routes.TABLE)
def test_everybody_gets_what_the_table_says(portal, db, settings, name):
    settings.LANGUAGE_CODE = "en"
    method, expected = routes.TABLE[name]
    url = portal.url(name)
    seen = {}
    for who in routes.EVERYBODY:
        with transaction.atomic():  # what one person removes is there again for the next
            response = getattr(portal.client_of(who), method)(url, _data(name), format="json" if "ingest" in name else None)
            transaction.set_rollback(True)
        seen[who] = routes.IN if expected[who] == routes.IN and lets_in(response) else response.status_code
    assert seen == expected


def lets_in(response):
    is_login = response.status_code == 302 and response["Location"].startswith("/accounts/login/")
    return response.status_code in (200, 302, 400, 409, 415, 422, 503) and not is_login


def _data(name):
    if name in ("coordination:open-ticket", "enrichment:holder", "enrichment:lookup", "enrichment:host", "enrichment:host-lookup"):
        source = "198.51.100.7"
        return {"source": source} if name == "coordination:open-ticket" else {"address": source}
    if name == "accounts:language":
        return {"language": "en", "next": "/"}
    return PERIOD if name in ("api:rankings", "api:series", "api:sources") else {}
