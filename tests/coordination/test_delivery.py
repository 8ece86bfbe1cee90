"""From the outbox to a server: sent once, tried again, given up, or put before a person."""

import socket
import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from apps.common.errors import DomainError
from apps.coordination import delivery, jobs, smtp, tasks
from apps.coordination.models import HostState, InvestigationState, MailStatus, OutgoingMail, TimelineEntry
from apps.coordination.services import mail as mail_service
from tests.coordination import scenes
from tests.processes import wait_until


@pytest.fixture
def mail(cast, ticket):
    return scenes.queued(ticket, cast.coordinator)


def state(mail):
    mail.refresh_from_db()
    mail.investigation.refresh_from_db()
    return mail.status, mail.investigation.state


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_an_accepted_mail_is_sent_and_its_hosts_are_notified(cast, ticket, mail, smtp_server):
    delivery.deliver(mail.pk)
    assert state(mail) == (MailStatus.SENT, InvestigationState.SENT)
    assert [host.state for host in ticket.hosts.all()] == [HostState.NOTIFIED]
    ticket.refresh_from_db()
    assert ticket.wake_on == timezone.localdate() + timedelta(days=7)
    assert mail.error.startswith("250")
    [received] = smtp_server.messages
    assert received.raw == bytes(mail.message)
    assert received.recipients == [scenes.CONTACT]


def test_a_second_run_sends_nothing(mail, smtp_server):
    delivery.deliver(mail.pk)
    delivery.deliver(mail.pk)
    assert len(smtp_server.messages) == 1


def test_a_temporary_refusal_is_tried_again_later(mail, smtp_server):
    smtp_server.refusal = "451 busy, come back"
    delivery.deliver(mail.pk)
    assert state(mail) == (MailStatus.QUEUED, InvestigationState.APPROVED)
    assert mail.next_try_at > timezone.now()
    assert mail.error == "451 busy, come back"
    delivery.deliver(mail.pk)  # too early
    assert OutgoingMail.objects.get(pk=mail.pk).attempts == 1
    smtp_server.refusal = ""
    OutgoingMail.objects.update(next_try_at=timezone.now())
    delivery.deliver(mail.pk)
    assert state(mail) == (MailStatus.SENT, InvestigationState.SENT)
    assert len(smtp_server.messages) == 1


def test_the_waits_grow_and_end(mail, smtp_server):
    smtp_server.refusal = "451 busy"
    waits = []
    for _attempt in delivery.RETRY_AFTER:
        OutgoingMail.objects.update(next_try_at=timezone.now())
        delivery.deliver(mail.pk)
        mail.refresh_from_db()
        waits.append(mail.next_try_at - timezone.now())
    assert waits == sorted(waits)
    OutgoingMail.objects.update(next_try_at=timezone.now())
    delivery.deliver(mail.pk)
    assert state(mail) == (MailStatus.FAILED, InvestigationState.DRAFT)
    assert "given up after 9 attempts" in mail.error


def test_a_final_refusal_fails_visibly_and_gives_the_draft_back(cast, ticket, mail, smtp_server):
    smtp_server.refusal = "550 no such mailbox"
    delivery.deliver(mail.pk)
    assert state(mail) == (MailStatus.FAILED, InvestigationState.DRAFT)
    assert mail.error == "550 no such mailbox"
    assert ticket.timeline.filter(kind=TimelineEntry.Kind.MAIL_FAILED).count() == 1
    assert ticket.hosts.get().state == HostState.PENDING
    smtp_server.refusal = ""
    second = scenes.queued(ticket, cast.coordinator)
    delivery.deliver(second.pk)
    assert second.message_id != mail.message_id
    assert len(smtp_server.messages) == 1


def test_a_refused_connection_is_tried_again_later(mail, settings):
    settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", free_port()
    delivery.deliver(mail.pk)
    assert state(mail) == (MailStatus.QUEUED, InvestigationState.APPROVED)
    assert "ConnectionRefusedError" in mail.error


class FallsSilent(threading.Thread):
    """An SMTP server that takes the whole message and then drops the connection without an answer."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self) -> None:
        connected, _address = self.socket.accept()
        with connected, connected.makefile("rwb") as lines:
            lines.write(b"220 hello\r\n")
            lines.flush()
            for line in lines:
                if line.upper().startswith(b"DATA"):
                    lines.write(b"354 go on\r\n")
                    lines.flush()
                    while lines.readline() != b".\r\n":
                        pass
                    return
                lines.write(b"250 fine\r\n")
                lines.flush()


def test_a_connection_lost_after_the_content_is_uncertain_and_never_tried_again(mail, settings):
    server = FallsSilent()
    server.start()
    settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", server.port
    delivery.deliver(mail.pk)
    assert state(mail) == (MailStatus.UNCERTAIN, InvestigationState.UNCERTAIN)
    assert delivery.due(timezone.now() + timedelta(days=30)) == []


def test_a_worker_killed_between_sending_and_recording_leaves_an_uncertain_mail(ticket, mail, smtp_server, monkeypatch):
    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(delivery, "_record", killed)
        with pytest.raises(SystemExit):
            delivery.deliver(mail.pk)
    assert len(smtp_server.messages) == 1
    assert state(mail) == (MailStatus.SENDING, InvestigationState.APPROVED)

    delivery.deliver(mail.pk)  # Celery hands the task to another worker
    assert delivery.surface_stuck(timezone.now()) == 0  # the first may still be at it
    assert delivery.surface_stuck(timezone.now() + delivery.STUCK_AFTER + timedelta(seconds=1)) == 1
    assert state(mail) == (MailStatus.UNCERTAIN, InvestigationState.UNCERTAIN)
    assert ticket.timeline.filter(kind=TimelineEntry.Kind.MAIL_UNCERTAIN).count() == 1
    delivery.deliver(mail.pk)
    assert len(smtp_server.messages) == 1


@pytest.mark.parametrize(
    ("went", "expected"), [(True, (MailStatus.SENT, InvestigationState.SENT)), (False, (MailStatus.FAILED, InvestigationState.DRAFT))]
)
def test_a_person_settles_an_uncertain_mail(cast, ticket, mail, went, expected):
    OutgoingMail.objects.update(status=MailStatus.SENDING, claimed_at=timezone.now() - timedelta(hours=1))
    delivery.surface_stuck(timezone.now())
    mail_service.settle_uncertain(mail=mail, by=cast.approver, went=went, why="line in the mail server's log")
    assert state(mail) == expected
    entry = ticket.timeline.get(kind=TimelineEntry.Kind.MAIL_SETTLED)
    assert (entry.actor, entry.why) == (cast.approver, "line in the mail server's log")
    with pytest.raises(DomainError):
        mail_service.settle_uncertain(mail=mail, by=cast.approver, went=not went, why="second thoughts")


def test_no_second_mail_leaves_while_the_first_is_uncertain(cast, ticket, mail):
    OutgoingMail.objects.update(status=MailStatus.SENDING, claimed_at=timezone.now() - timedelta(hours=1))
    delivery.surface_stuck(timezone.now())
    with pytest.raises(DomainError):
        scenes.queued(ticket, cast.coordinator)


def test_a_demo_refuses_any_other_host_than_loopback(mail, settings):
    settings.DEMO, settings.SMTP_HOST = True, "mail.example.net"
    delivery.deliver(mail.pk)
    assert state(mail)[0] == MailStatus.FAILED
    assert "loopback" in mail.error


def test_a_demo_refuses_real_recipients(settings):
    settings.DEMO, settings.SMTP_HOST = True, "127.0.0.1"
    assert "person@example.net" in smtp.demo_refusal(["person@example.net"])
    assert smtp.demo_refusal(["person@example.net.invalid"]) == ""


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("192.0.2.1", False), ("mail.example.net", False)]
)
def test_loopback_is_recognised(host, expected):
    assert smtp.is_loopback(host) is expected


def test_the_outbox_job_sends_what_is_due(mail, smtp_server, monkeypatch):
    monkeypatch.setattr(tasks.deliver_mail, "delay", tasks.deliver_mail)
    jobs.work_outbox()
    assert state(mail)[0] == MailStatus.SENT


def test_a_confirmed_mail_travels_through_a_real_worker_and_a_real_server(empty_flows, celery_worker, smtp_server, cast, ticket):
    mail = scenes.queued(ticket, cast.coordinator)
    wait_until(lambda: state(mail)[0] == MailStatus.SENT)
    [received] = smtp_server.messages
    assert received.raw == bytes(mail.message)
    assert received.message["Message-ID"] == mail.message_id


def test_two_people_who_confirm_at_once_send_one_mail(empty_flows, smtp_server, cast, ticket):
    draft = scenes.previewed(ticket, cast.coordinator)
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def confirm(by) -> None:
        together.wait()
        try:
            mail_service.confirm_and_send(investigation=ticket, by=by, sha256=draft.prepared_sha256, overrides={})
            outcomes.append("sent")
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    people = [threading.Thread(target=confirm, args=[by]) for by in (cast.coordinator, cast.approver)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(outcomes) == ["forbidden_transition", "sent"]
    mail = OutgoingMail.objects.get()
    workers = [threading.Thread(target=lambda: (delivery.deliver(mail.pk), connections.close_all())) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    wait_until(lambda: state(mail) == (MailStatus.SENT, InvestigationState.SENT))  # by a fifth, where a Celery worker runs
    assert len(smtp_server.messages) == 1
