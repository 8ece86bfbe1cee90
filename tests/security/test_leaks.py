"""What outsiders must never read, looked for in everything they can get: pages, API, CSV, errors, the OpenAPI description."""

import re

import pytest
from django.core.cache import cache
from django.urls import reverse

from tests.portal.scene import JAPANESE, OTHER, PERIOD
from tests.security import routes
from tests.security.conftest import ADDED, CONTACT, HOLDER, HOST_CVE, HOST_NAME, HOST_PRODUCT, HOST_RAW, RAW

SENSOR_NAMES = {"own-tokyo", "host-osaka", "host-frankfurt"}
ORGANISATIONS = {"Own CSIRT", "Partner A", "Partner B"}
OF_HOSTS = {HOST_PRODUCT, HOST_NAME, HOST_CVE, HOST_RAW}
STAFF_ONLY = {HOLDER, CONTACT, ADDED, RAW, "abuse@isp.invalid", "coordinator@example.invalid", "Word of an advisory"} | OF_HOSTS
FIGURES = ("api:rankings", "api:series", "api:sources", "api:profile", "api:matrix", "api:co-ports", "api:coverage")
GETS = [name for name, (method, _answers) in routes.TABLE.items() if method == "get" and name != "healthz"]
# Address → what a viewer of one's own sensors asks for.
QUERIES = [
    {}, {"sensors": "overseas"}, {"split": "sensor"}, {"dimension": "sensor"}, {"format": "csv"}, {"format": "csv", "dimension": "sensor"},
    {"format": "csv", "split": "sensor"}, {"unit": "nonsense"}, {"previous": "true"}, {"split": "signature"},
    {"rows": "sensor"}, {"format": "csv", "rows": "sensor"}, {"split": "panel"}, {"zone": "nowhere"},
]  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_remembered(db):
    cache.clear()


def text_of(response):
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode() + str(response.headers)


def everything(portal, who):
    """Each answer somebody gets, by address."""
    client = portal.client_of(who)
    for name in GETS:
        url = portal.url(name)
        period = PERIOD if name in FIGURES or name.startswith("portal:") else {}
        for query in QUERIES if name in FIGURES else [{}]:
            yield f"{url} {query}", text_of(client.get(url, period | query))
    for other in (portal.cast.sensor, portal.cast.sensor_a, portal.cast.sensor_b):
        for name in FIGURES:
            yield f"{name} of {other}", text_of(client.get(reverse(name), PERIOD | {"sensors": str(other.pk)}))


def own(portal, who):
    """Names of what is somebody's own."""
    return {"partner_a": {"host-osaka", "Partner A"}, "partner_b": {"host-frankfurt", "Partner B"}}.get(who, set())


@pytest.mark.parametrize("who", ["partner_a", "partner_b", "anonymous", "sensor"])
def test_outsiders_read_no_name_of_others_and_nothing_of_registries(portal, who):
    secrets = (SENSOR_NAMES | ORGANISATIONS | STAFF_ONLY) - own(portal, who)
    found = {(where, secret) for where, text in everything(portal, who) for secret in secrets if secret in text}
    assert not found


def test_the_search_for_leaks_finds_them_where_they_may_be(portal):
    text = " ".join(text for _where, text in everything(portal, "coordinator"))
    wanted = SENSOR_NAMES | {HOLDER, CONTACT, ADDED, HOST_PRODUCT, HOST_NAME, HOST_CVE}
    assert {secret for secret in wanted if secret in text} == wanted


def test_no_mail_guesses_at_what_a_host_runs(portal):
    assert portal.ticket.hosts.get().address == JAPANESE  # of which a profile is known
    text = f"{portal.mail.subject} {portal.mail.body} {bytes(portal.mail.message).decode()}"
    assert not [secret for secret in OF_HOSTS if secret in text]


def test_anonymous_reads_no_source_address(portal):
    assert not [where for where, text in everything(portal, "anonymous") if OTHER in text]


@pytest.mark.parametrize("who", ["partner_a", "partner_b"])
def test_another_sensor_reads_like_one_that_does_not_exist(portal, who):
    client = portal.client_of(who)
    mine = {"partner_a": portal.cast.sensor_a, "partner_b": portal.cast.sensor_b}[who]
    others = {portal.cast.sensor, portal.cast.sensor_a, portal.cast.sensor_b} - {mine}
    for name in FIGURES:
        assert client.get(portal.url(name), PERIOD | {"sensors": str(mine.pk)}).status_code == 200
        answers = []
        for number in [*(sensor.pk for sensor in others), 999_999]:
            response = client.get(portal.url(name), PERIOD | {"sensors": str(number)})
            text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
            answers.append((response.status_code, text.replace(str(number), "N")))
        assert answers[0][0] == 400
        assert len(set(answers)) == 1, name
