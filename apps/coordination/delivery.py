"""From the outbox to the SMTP server. A mail is claimed before the server hears of it and never sent from another state
than "queued", so whatever crashes where, it leaves at most once; a person is asked where nobody can know."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import User
from apps.coordination import changes, smtp
from apps.coordination.models import HostState, Investigation, InvestigationState, MailStatus, OutgoingMail, TimelineEntry

# Longer than any attempt can last: the task's hard time limit is ten minutes.
STUCK_AFTER = timedelta(minutes=15)
RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440))
_Entry = TimelineEntry.Kind


def deliver(mail_id: int) -> None:
    """Try to send one queued mail whose time has come. Anything else, also a second run at once, does nothing."""
    if not _claim(mail_id, timezone.now()):
        return
    mail = OutgoingMail.objects.get(pk=mail_id)
    attempt = smtp.send(sender=mail.sender, recipients=mail.recipients, content=bytes(mail.message))
    _record(mail_id, attempt)


def due(now: datetime) -> list[int]:
    """Mails that wait for another try, and those whose task was lost between commit and queue."""
    return list(OutgoingMail.objects.filter(status=MailStatus.QUEUED, next_try_at__lte=now).values_list("pk", flat=True))


def surface_stuck(now: datetime) -> int:
    """Mails that a worker took and never reported on become uncertain; returns how many."""
    stuck = OutgoingMail.objects.filter(status=MailStatus.SENDING, claimed_at__lt=now - STUCK_AFTER).values_list("pk", flat=True)
    return sum(_finish(pk, MailStatus.UNCERTAIN, "the worker stopped before it could record the server's answer") for pk in stuck)


def _claim(mail_id: int, now: datetime) -> bool:
    """Take the mail by an update conditional on its old status; committed before the server is spoken to."""
    queued = OutgoingMail.objects.filter(pk=mail_id, status=MailStatus.QUEUED, next_try_at__lte=now)
    return queued.update(status=MailStatus.SENDING, claimed_at=now, attempts=F("attempts") + 1) == 1


def _record(mail_id: int, attempt: smtp.Attempt) -> None:
    if attempt.outcome is smtp.Outcome.TRY_LATER:
        _retry(mail_id, attempt.words)
        return
    status = {
        smtp.Outcome.ACCEPTED: MailStatus.SENT,
        smtp.Outcome.REFUSED: MailStatus.FAILED,
        smtp.Outcome.UNKNOWN: MailStatus.UNCERTAIN,
    }[attempt.outcome]
    _finish(mail_id, status, attempt.words)


@transaction.atomic
def _retry(mail_id: int, words: str) -> None:
    mail = _lock(mail_id)
    if mail.status != MailStatus.SENDING:
        return
    if mail.attempts > len(RETRY_AFTER):
        _finish_locked(mail, MailStatus.FAILED, f"given up after {mail.attempts} attempts: {words}")
        return
    mail.status, mail.error = MailStatus.QUEUED, words
    mail.next_try_at = timezone.now() + RETRY_AFTER[mail.attempts - 1]
    mail.save(update_fields=["status", "error", "next_try_at"])
    changes.log(mail.investigation, by=None, kind=_Entry.MAIL_DELAYED, mail=mail.pk, answer=words, next_try_at=mail.next_try_at.isoformat())


@transaction.atomic
def _finish(mail_id: int, status: MailStatus, words: str) -> bool:
    mail = _lock(mail_id)
    # A slow worker may come back after its mail was called uncertain; it knows better, unless a person has settled it.
    if mail.status not in (MailStatus.SENDING, MailStatus.UNCERTAIN) or mail.status == status:
        return False
    _finish_locked(mail, status, words)
    return True


def _lock(mail_id: int) -> OutgoingMail:
    """Ticket first, mail second: the order in which everybody locks."""
    mail = OutgoingMail.objects.get(pk=mail_id)
    investigation = Investigation.objects.select_for_update().get(pk=mail.investigation_id)
    mail = OutgoingMail.objects.select_for_update().get(pk=mail_id)
    mail.investigation = investigation
    return mail


def _finish_locked(mail: OutgoingMail, status: MailStatus, words: str) -> None:
    kind, state = {
        MailStatus.SENT: (_Entry.MAIL_SENT, InvestigationState.SENT),
        MailStatus.FAILED: (_Entry.MAIL_FAILED, InvestigationState.DRAFT),
        MailStatus.UNCERTAIN: (_Entry.MAIL_UNCERTAIN, InvestigationState.UNCERTAIN),
    }[status]
    mail.status, mail.error, mail.next_try_at = status, words, None
    mail.sent_at = timezone.now() if status == MailStatus.SENT else None
    mail.save(update_fields=["status", "error", "next_try_at", "sent_at"])
    changes.log(mail.investigation, by=None, kind=kind, mail=mail.pk, answer=words, message_id=mail.message_id)
    settle_ticket(mail, state)


def settle_ticket(mail: OutgoingMail, state: InvestigationState, *, by: User | None = None, why: str = "") -> None:
    """Move the (locked) ticket, and its hosts, to what the fate of its mail makes of them."""
    changes.move(mail.investigation, state, by=by, why=why)
    if state == InvestigationState.SENT:
        for host in mail.hosts.filter(state=HostState.PENDING):
            host.investigation = mail.investigation
            changes.move_host(host, HostState.NOTIFIED, by=by)
