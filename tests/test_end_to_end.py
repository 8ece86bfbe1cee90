"""The whole line in one piece: sensor keys, the real months through the ingest API, the curve, a source, a ticket, a mail that arrives."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from apps.coordination.models import MailStatus, OutgoingMail
from apps.enrichment.models import ContactRole, Lookup
from apps.observations import sample, tasks
from apps.observations.counting.staleness import stale_days
from apps.reference.services import load_shipped_delegations
from tests.processes import wait_until

pytestmark = pytest.mark.timeout(600)  # against hanging only: the machine may be busy with other tests

PERIOD = "from=2013-03-03&to=2013-08-02"  # the newest packets of July (UTC) are of 1 August in Japan
ROLLING_S = 240


@pytest.fixture
def empty_flows(transactional_db):
    """Flows are a table of SQL, which no flush of Django empties."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE observations_flow")


@pytest.fixture
def key_file(cast, tmp_path) -> Path:
    """Nine sensors enrolled by the command, and the keys that it printed."""
    lines = [f"{name} {_enrol(name, cast.own.name)}\n" for name in sample.SENSORS]
    path = tmp_path / "keys"
    path.write_text("".join(lines))
    return path


def _enrol(name: str, owner: str) -> str:
    printed = StringIO()
    place = ["--country", "JP"] if "tokyo" in name else ["--country", "US", "--overseas"]
    call_command(
        "add_sensor", name, *place, "--organisation", owner, "--import", "--active-from", "2013-03-03", stdout=printed, stderr=StringIO()
    )
    return printed.getvalue().strip()


def test_from_packets_to_a_mail(empty_flows, celery_worker, smtp_server, registry, cast, key_file, live_server, page, sign_in):
    load_shipped_delegations()
    call_command("import_observations", sample.LOG, format="marx", url=live_server.url, key_file=key_file, stdout=StringIO())
    _roll_up_in_the_worker()
    sign_in(cast.coordinator)
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])

    page.goto(f"{live_server.url}/ports/tcp/445/?{PERIOD}&regions=JP")
    assert page.locator(".fact-value").first.inner_text() == "744"
    assert page.locator("figure canvas, canvas").first.is_visible()
    page.get_by_role("link", name="Sources behind this").click()
    page.get_by_text("329 in all").wait_for()

    page.locator("tbody a.address, tbody th a").first.click()
    page.get_by_role("button", name="Look up").click()
    page.get_by_text("Sample data: invented holder and contact").wait_for()
    address = page.locator("h1").inner_text()
    page.get_by_role("link", name="Open a ticket").click()
    page.get_by_label("Language of the mail").select_option("ja")
    page.get_by_role("button", name="Open the ticket").click()

    page.get_by_role("button", name="Write the draft").click()
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("Exactly this message will be sent.").wait_for()
    for reason in page.locator("input[name^=override]").all():
        reason.fill("Observations of 2013, sent by a test")
    page.get_by_role("button", name="send it").click()
    page.get_by_role("heading", name="Timeline").wait_for()

    wait_until(lambda: OutgoingMail.objects.get().status == MailStatus.SENT)
    [received] = smtp_server.messages
    assert received.recipients == [Lookup.objects.get(address=address).network.contacts.get(role=ContactRole.ABUSE).email]
    assert address in received.message.get_body(("plain",)).get_content()


def _roll_up_in_the_worker() -> None:
    """A run of the task ends after ten seconds; the next takes up what is left, as beat has it."""
    for _run in range(ROLLING_S // 10):
        tasks.roll_stale.delay()
    wait_until(lambda: not stale_days(), timeout_s=ROLLING_S, every_s=0.5)
