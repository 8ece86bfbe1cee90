"""From a draft to the outbox. What leaves is what a person was shown: the confirmation names the hash of those bytes."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import Role, User
from apps.common.errors import DomainError
from apps.coordination import addressing, changes, delivery, drafting, facts, gate, message, observation_log, smtp, tasks, transitions
from apps.coordination.models import (
    Contact,
    Draft,
    Evidence,
    Investigation,
    InvestigationState,
    Language,
    MailKind,
    MailStatus,
    OutgoingMail,
    TimelineEntry,
    Tlp,
)  # fmt: skip

PREVIEW_HOLDS = timedelta(hours=1)  # facts and Date header of an older preview may no longer be true
APPROVAL_WAITS = timedelta(days=1)  # how long a preview may wait for the second person; it then holds anew
_Entry = TimelineEntry.Kind


class DraftConflictError(DomainError):
    """The draft is no longer the one the person began with; nothing was changed."""

    status = 409
    code = "draft_conflict"


@transaction.atomic
def write_draft(*, investigation: Investigation, by: User, language: str = "", tlp: str = "", replaces: int | None = None) -> Draft:
    """Freeze the observation log as of now and write the mail from its template, in place of any earlier draft.

    `replaces` is the version of the draft that the person means to give up; another one is kept (DraftConflictError).
    """
    investigation = _draftable(investigation, by)
    earlier = Draft.objects.filter(investigation=investigation).first()
    if earlier and replaces is not None:
        _require_version(earlier, replaces)
    _choose_terms(investigation, language, tlp)
    lines = facts.lines_of(investigation)
    if not lines:
        raise DomainError(_("No packets of these hosts are on record any more."), code="nothing_observed")
    log = observation_log.to_csv(lines)
    times = [line.row.at for line in lines]
    frozen = Evidence.objects.create(investigation=investigation, csv=log.body, sha256=log.sha256, row_count=log.rows,
                                     period_start=min(times), period_end=max(times))  # fmt: skip
    sensors = {host.address: facts.summary_of(host).sensors for host in investigation.hosts.all()}
    words = drafting.render(investigation, MailKind.FIRST_NOTICE, lines=lines, sensors=sensors, log=log, file_name=frozen.file_name,
                            today=timezone.localdate())  # fmt: skip
    _discard(investigation)
    draft = Draft.objects.create(investigation=investigation, subject=words.subject, body=words.body, evidence=frozen,
                                 version=earlier.version + 1 if earlier else 1)  # fmt: skip
    changes.log(investigation, by=by, kind=_Entry.DRAFT, rows=log.rows, sha256=log.sha256, language=str(investigation.language))
    return draft


@transaction.atomic
def edit_draft(*, investigation: Investigation, by: User, subject: str, body: str, version: int | None = None) -> Draft:
    """Take over what a person wrote. Number and TLP must stay; the earlier preview no longer counts.

    `version` is that of the text the person began with; where somebody saved another meanwhile, DraftConflictError.
    """
    investigation = _draftable(investigation, by)
    draft = _draft_of(investigation)
    subject = " ".join(subject.split())
    body = body.replace("\r\n", "\n").rstrip() + "\n"
    drafting.check_edited(investigation, subject, body)
    if (draft.subject, draft.body) != (subject, body):
        if version is not None:
            _require_version(draft, version)
        draft.subject, draft.body = subject, body
        draft.version += 1
        _withdraw(draft)
        changes.log(investigation, by=by, kind=_Entry.DRAFT_EDITED)
    return draft


@transaction.atomic
def prepare(*, investigation: Investigation, by: User) -> Draft:
    """Make the bytes of the message for the preview: these and no others can be confirmed."""
    investigation = _draftable(investigation, by)
    draft = _draft_of(investigation)
    now = timezone.now()
    made = message.build(_letter(investigation, draft), at=now)
    draft.prepared, draft.prepared_message_id, draft.prepared_at = made.content, made.message_id, now
    draft.prepared_sha256 = message.sha256(made.content)
    draft.approved_by, draft.approved_at = None, None
    draft.save()
    return draft


@transaction.atomic
def approve(*, investigation: Investigation, by: User, sha256: str) -> Draft:
    """An approver releases the previewed message `sha256`, so that another person may send it (TLP:RED)."""
    investigation = _draftable(investigation, by)
    if not by.has_role(Role.APPROVER):
        raise PermissionDenied
    draft = _draft_of(investigation)
    _require_previewed(draft, sha256, APPROVAL_WAITS)
    draft.approved_by, draft.approved_at = by, timezone.now()
    draft.save(update_fields=["approved_by", "approved_at"])
    changes.log(investigation, by=by, kind=_Entry.APPROVED, sha256=sha256)
    return draft


def needs_second_person(investigation: Investigation) -> bool:
    return investigation.tlp == Tlp.RED


def objections(investigation: Investigation) -> list[gate.Finding]:
    """What the gate has against sending the present draft."""
    draft = _draft_of(investigation)
    return gate.check(facts.gate_facts(investigation, f"{draft.subject}\n{draft.body}"))


@transaction.atomic
def confirm_and_send(*, investigation: Investigation, by: User, sha256: str, overrides: Mapping[str, str]) -> OutgoingMail:
    """Put the previewed message into the outbox. `sha256` is that of the bytes the person saw; every objection of the
    gate needs a reason in `overrides` (by its code). The second of two senders gets a TransitionError."""
    investigation = changes.lock(investigation, by=by)
    transitions.require(transitions.INVESTIGATION, investigation.state, InvestigationState.APPROVED)
    draft = _draft_of(investigation)
    content = _confirmed(draft, sha256)
    _require_second_person(investigation, draft, by)
    accepted = _overridden(objections(investigation), overrides)
    refusal = smtp.demo_refusal(_recipients(investigation))
    if refusal:
        raise DomainError(refusal, code="demo")
    now = timezone.now()
    mail = OutgoingMail.objects.create(
        investigation=investigation, evidence=draft.evidence, kind=draft.kind, message_id=draft.prepared_message_id,
        sender=settings.MAIL_FROM, recipients=list(_recipients(investigation)), subject=draft.subject, body=draft.body, message=content,
        sha256=sha256, confirmed_by=by, confirmed_at=now, approved_by=draft.approved_by, overrides=accepted, next_try_at=now,
    )  # fmt: skip
    mail.hosts.set(investigation.hosts.all())
    _withdraw(draft)
    for code, override in accepted.items():
        changes.log(investigation, by=by, kind=_Entry.OVERRIDE, why=override["reason"], code=code, finding=override["finding"])
    changes.log(investigation, by=by, kind=_Entry.CONFIRMED, sha256=sha256, message_id=mail.message_id, mail=mail.pk)
    changes.move(investigation, InvestigationState.APPROVED, by=by)
    transaction.on_commit(partial(tasks.deliver_mail.delay, mail.pk))
    return mail


@transaction.atomic
def settle_uncertain(*, mail: OutgoingMail, by: User, went: bool, why: str) -> None:
    """A person's finding (in the mail server's log, say) on a mail whose fate nobody recorded."""
    investigation = changes.lock(mail.investigation, by=by)
    mail = OutgoingMail.objects.select_for_update().get(pk=mail.pk)
    mail.investigation = investigation
    if mail.status != MailStatus.UNCERTAIN:
        raise DomainError(_("The fate of this mail is known."), code="forbidden_transition")
    if not why.strip():
        raise DomainError(_("Say how you know."), fields={"why": _("Say how you know.")})
    mail.status = MailStatus.SENT if went else MailStatus.FAILED
    mail.sent_at = mail.claimed_at if went else None
    mail.save(update_fields=["status", "sent_at"])
    changes.log(investigation, by=by, kind=_Entry.MAIL_SETTLED, why=why.strip(), mail=mail.pk, went=went)
    delivery.settle_ticket(mail, InvestigationState.SENT if went else InvestigationState.DRAFT, by=by, why=why.strip())


def _draftable(investigation: Investigation, by: User) -> Investigation:
    investigation = changes.lock(investigation, by=by)
    if investigation.state != InvestigationState.DRAFT:
        raise DomainError(_("A mail can be written while the ticket is a draft."), code="forbidden_transition")
    if investigation.contact is None:
        raise DomainError(_("Choose a contact first."), code="no_contact")
    missing = [name for name in drafting.NAMES if not getattr(settings, name)]
    if missing:
        raise DomainError(_("Mail cannot be written before %(names)s is set.") % {"names": ", ".join(missing)}, code="not_configured")
    return investigation


def _choose_terms(investigation: Investigation, language: str, tlp: str) -> None:
    investigation.language = Language(language or investigation.language)
    investigation.tlp = Tlp(tlp or investigation.tlp)
    investigation.save(update_fields=["language", "tlp", "changed_at"])


def _draft_of(investigation: Investigation) -> Draft:
    draft = Draft.objects.select_related("evidence", "evidence__investigation", "approved_by").filter(investigation=investigation).first()
    if draft is None:
        raise DomainError(_("Write the draft first."), code="no_draft")
    return draft


def _discard(investigation: Investigation) -> None:
    """Drop an earlier draft and its log; a log that a mail carries is kept for ever."""
    Draft.objects.filter(investigation=investigation).delete()
    newest = investigation.evidence.latest("pk")
    investigation.evidence.filter(outgoing_mail=None).exclude(pk=newest.pk).delete()


def _letter(investigation: Investigation, draft: Draft) -> message.Letter:
    attachment = message.Attachment(draft.evidence.file_name, "text/csv", bytes(draft.evidence.csv))
    return message.Letter(investigation.number, _recipients(investigation), draft.subject, draft.body, (attachment,))


def _recipients(investigation: Investigation) -> tuple[str, ...]:
    contact = investigation.contact or Contact()
    return (addressing.deliverable(contact.email),)


def _confirmed(draft: Draft, sha256: str) -> bytes:
    """The prepared bytes, if they are those the person saw."""
    _require_previewed(draft, sha256, PREVIEW_HOLDS)
    return bytes(draft.prepared or b"")


def _require_previewed(draft: Draft, sha256: str, holds: timedelta) -> None:
    since = draft.approved_at or draft.prepared_at
    if not draft.prepared or draft.prepared_sha256 != sha256 or since is None:
        raise DomainError(_("The draft has changed since this preview. Look at it again."), code="preview_changed")
    if timezone.now() - since > holds:
        raise DomainError(_("This preview is over an hour old. Make a new one."), code="preview_old")


def _require_second_person(investigation: Investigation, draft: Draft, by: User) -> None:
    if needs_second_person(investigation) and draft.approved_by_id in (None, by.pk):
        raise DomainError(
            _("A mail marked TLP:RED leaves only after an approver other than the sender has approved it."), code="needs_approval"
        )


def _require_version(draft: Draft, version: int) -> None:
    if draft.version != version:
        raise DraftConflictError(_("The draft was changed by somebody else after you opened it. Nothing was saved."))


def _withdraw(draft: Draft) -> None:
    """Save the draft without what was previewed and approved."""
    draft.prepared, draft.prepared_sha256, draft.prepared_message_id = None, "", ""
    draft.approved_by, draft.approved_at = None, None
    draft.save()


def _overridden(findings: list[gate.Finding], overrides: Mapping[str, str]) -> dict[str, dict[str, str]]:
    missing = {finding.code: finding.text for finding in findings if not overrides.get(finding.code, "").strip()}
    if missing:
        raise DomainError(_("Give a reason for each objection you override."), code="gate", fields=missing)
    return {finding.code: {"finding": finding.text, "reason": overrides[finding.code].strip()} for finding in findings}
