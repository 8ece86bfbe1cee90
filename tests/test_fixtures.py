"""The servers of conftest.py do what tests rely on."""

import smtplib

import pytest

from tests.mailing import MailServer
from tests.processes import wait_until


def test_the_smtp_server_keeps_a_message_exactly_as_sent(smtp_server: MailServer, settings):
    with smtplib.SMTP(settings.SMTP_HOST, settings.SMTP_PORT) as smtp:
        smtp.sendmail("csirt@csirt.invalid", ["abuse@holder.invalid"], b"Subject: Test\r\n\r\nOne line\r\n")
    (received,) = smtp_server.messages
    assert (received.sender, received.recipients) == ("csirt@csirt.invalid", ["abuse@holder.invalid"])
    assert received.raw == b"Subject: Test\r\n\r\nOne line\r\n"
    assert received.message["Subject"] == "Test"


def test_the_smtp_server_refuses_when_told(smtp_server: MailServer, settings):
    smtp_server.refusal = "451 try later"
    with smtplib.SMTP(settings.SMTP_HOST, settings.SMTP_PORT) as smtp, pytest.raises(smtplib.SMTPDataError, match="try later"):
        smtp.sendmail("csirt@csirt.invalid", ["abuse@holder.invalid"], b"Subject: Test\r\n\r\n")
    assert smtp_server.messages == []


def test_the_celery_worker_runs_a_task_in_a_process_of_its_own(celery_worker, settings):
    from django.core.cache import cache

    from tests.probe_tasks import write_process_id

    cache.delete("probe")
    write_process_id.delay("probe")
    wait_until(lambda: cache.get("probe"))
    assert cache.get("probe")["database"].startswith("test_")


def test_the_browser_reports_a_script_that_the_policy_blocks(page, live_server):
    page.goto(live_server.url + "/accounts/login/")
    page.evaluate("""() => { const tag = document.createElement("script"); tag.textContent = "1"; document.body.append(tag); }""")
    page.wait_for_timeout(100)
    assert any("CSP" in problem for problem in page.problems)
    page.problems.clear()
