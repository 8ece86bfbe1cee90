"""What is coordinated with whom: incident → investigation → host, the mail that left, and a row for every change.

Incident: one behaviour or campaign. Investigation (a ticket): one contact, one mail thread, some hosts. Host: one
address with its own state. States move only along the table in `transitions.py`. All instants are UTC.
"""

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import Role, User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class Certainty(models.TextChoices):
    """What the evidence allows to be said; it decides the verb (`certainty.py`)."""

    OBSERVED = "observed", _("packets seen")
    PATTERN = "pattern", _("pattern or signature")
    LIKELY = "likely", _("several independent grounds")
    REPORTED = "reported", _("administrator's reply")


class IncidentState(models.TextChoices):
    OPEN = "open", pgettext_lazy("incident", "open")
    RESOLVED = "resolved", pgettext_lazy("incident", "resolved")
    ABANDONED = "abandoned", pgettext_lazy("incident", "abandoned")


class Resolution(models.TextChoices):
    FIXED = "fixed", _("fixed")
    NO_CONTACT_RESPONSE = "no_contact_response", _("no response from contact")
    NO_ISP_RESPONSE = "no_isp_response", _("no response from ISP")
    UNRESOLVED = "unresolved", _("unresolved")
    FALSE_POSITIVE = "false_positive", _("false positive")


class InvestigationState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("ticket", "draft")
    APPROVED = "approved", pgettext_lazy("ticket", "approved")
    SENT = "sent", pgettext_lazy("ticket", "sent")
    AWAITING_CONTACT = "awaiting_contact", pgettext_lazy("ticket", "awaiting contact")
    REPLIED = "replied", pgettext_lazy("ticket", "replied")
    AWAITING_US = "awaiting_us", pgettext_lazy("ticket", "awaiting us")
    VERIFYING = "verifying", pgettext_lazy("ticket", "verifying")
    RESOLVED = "resolved", pgettext_lazy("ticket", "resolved")
    CLOSED_NO_RESPONSE = "closed_no_response", pgettext_lazy("ticket", "closed without response")
    BOUNCED = "bounced", pgettext_lazy("ticket", "bounced")
    UNCERTAIN = "uncertain", pgettext_lazy("ticket", "delivery uncertain")


CLOSED_STATES = (InvestigationState.RESOLVED, InvestigationState.CLOSED_NO_RESPONSE)
# Somebody of ours has to act before anything else happens.
OUR_TURN_STATES = (InvestigationState.REPLIED, InvestigationState.AWAITING_US, InvestigationState.BOUNCED, InvestigationState.UNCERTAIN)


class HostState(models.TextChoices):
    PENDING = "pending", pgettext_lazy("host", "not yet notified")
    NOTIFIED = "notified", pgettext_lazy("host", "notified")
    CUSTOMER_INFORMED = "customer_informed", pgettext_lazy("host", "customer informed")
    CLAIMED_FIXED = "claimed_fixed", pgettext_lazy("host", "claimed fixed")
    TAKEN_OFFLINE = "taken_offline", pgettext_lazy("host", "taken offline")
    UNIDENTIFIABLE = "unidentifiable", pgettext_lazy("host", "cannot be identified")
    STILL_OBSERVED = "still_observed", pgettext_lazy("host", "still observed")
    QUIET = "quiet", pgettext_lazy("host", "no longer observed")
    OBSERVED_AGAIN = "observed_again", pgettext_lazy("host", "observed again")
    FALSE_POSITIVE = "false_positive", pgettext_lazy("host", "false positive")
    NOT_THEIRS = "not_theirs", pgettext_lazy("host", "not theirs")


class Tlp(models.TextChoices):
    """TLP 2.0; never translated."""

    CLEAR = "TLP:CLEAR", "TLP:CLEAR"
    GREEN = "TLP:GREEN", "TLP:GREEN"
    AMBER = "TLP:AMBER", "TLP:AMBER"
    AMBER_STRICT = "TLP:AMBER+STRICT", "TLP:AMBER+STRICT"
    RED = "TLP:RED", "TLP:RED"


class Kind(models.TextChoices):
    NOTICE = "notice", pgettext_lazy("ticket kind", "notice")
    INFORMATION = "information", pgettext_lazy("ticket kind", "information")


class Language(models.TextChoices):
    JA = "ja", "日本語"
    EN = "en", "English"


class Incident(models.Model):
    """One behaviour seen from any number of hosts. `behaviour` is its key, such as `tcp/23 mirai`."""

    behaviour = models.CharField(_("behaviour"), max_length=60)
    certainty = models.CharField(_("certainty"), max_length=10, choices=Certainty, default=Certainty.OBSERVED)
    state = models.CharField(_("state"), max_length=10, choices=IncidentState, default=IncidentState.OPEN)
    resolution = models.CharField(_("resolution"), max_length=20, choices=Resolution, blank=True)
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        constraints = [
            models.UniqueConstraint(fields=["behaviour"], condition=Q(state="open"), name="incident_open_once"),
            models.CheckConstraint(
                condition=Q(state="open", resolution="") | (~Q(state="open") & ~Q(resolution="")), name="incident_resolution_when_closed"
            ),
        ]

    def __str__(self) -> str:
        return self.behaviour


class Contact(models.Model):
    """A mailbox somebody publishes for abuse reports; never a person's name. `email` is kept in lower case."""

    email = models.EmailField(_("address"), unique=True)
    holder = models.CharField(_("administrator (holder)"), max_length=200, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)  # a mail came back, and nobody has answered from there since
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("abuse contact")
        verbose_name_plural = _("abuse contacts")

    def __str__(self) -> str:
        return self.email


class NumberCounter(models.Model):
    """The last reference number given out in a year; it only grows, so a number is never used again."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField()


def may_read_tickets(user: "User | AnonymousUser") -> bool:
    """Whether tickets exist at all for this user."""
    readers = (Role.ANALYST, Role.COORDINATOR, Role.APPROVER, Role.AUDITOR)
    return isinstance(user, User) and user.is_active and user.is_own_staff and user.has_role(*readers)


class InvestigationQuerySet(models.QuerySet["Investigation"]):
    def visible_to(self, user: "User | AnonymousUser") -> "InvestigationQuerySet":
        """Tickets are seen by own staff who analyse, coordinate, approve or audit, and by nobody else."""
        return self.all() if may_read_tickets(user) else self.none()

    def open(self) -> "InvestigationQuerySet":
        return self.exclude(state__in=CLOSED_STATES)


class Investigation(models.Model):
    """A ticket: one contact, one mail thread, some hosts. The `contact_*` fields say how the contact was chosen."""

    number = models.CharField(_("reference number"), max_length=11, unique=True, editable=False)
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="investigations", verbose_name=_("incident"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.NOTICE)
    tlp = models.CharField("TLP", max_length=16, choices=Tlp, default=Tlp.AMBER)
    language = models.CharField(_("language of the mail"), max_length=2, choices=Language, default=Language.JA)
    state = models.CharField(_("state"), max_length=20, choices=InvestigationState, default=InvestigationState.DRAFT)
    assignee = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="tickets", verbose_name=_("in charge"))
    wake_on = models.DateField(_("wake-up date"), null=True, blank=True)

    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, blank=True, related_name="investigations", verbose_name=_("abuse contact")
    )
    contact_role = models.CharField(max_length=40, blank=True)  # abuse, technical, administrative, as published
    contact_level = models.CharField(max_length=40, blank=True)  # at which level of the registry's answer it stood
    contact_source = models.CharField(max_length=120, blank=True)  # "RDAP APNIC", or "manual"
    contact_fetched_at = models.DateTimeField(null=True, blank=True)
    contact_lookup_address = models.GenericIPAddressField(null=True, blank=True)  # the very address looked up

    opened_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = InvestigationQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "contact"], condition=~Q(state__in=["resolved", "closed_no_response"]), name="investigation_open_once"
            )
        ]
        indexes = [models.Index(fields=["state", "wake_on"], name="investigation_queue")]  # list by state, tickets due

    def __str__(self) -> str:
        return f"#{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("coordination:ticket-detail", args=[self.number])

    @property
    def is_closed(self) -> bool:
        return self.state in CLOSED_STATES


class Host(models.Model):
    """One address of a ticket. `summary` is what was observed of it: see `evidence.Summary`."""

    investigation = models.ForeignKey(Investigation, models.CASCADE, related_name="hosts")
    address = models.GenericIPAddressField(_("source IP address"))
    ports = ArrayField(models.CharField(max_length=12), default=list, blank=True)  # empty: every port
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    state = models.CharField(_("state"), max_length=20, choices=HostState, default=HostState.PENDING)
    summary = models.JSONField(default=dict)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("host")
        verbose_name_plural = _("hosts")
        ordering = ["address"]
        constraints = [
            models.UniqueConstraint(fields=["investigation", "address"], name="host_once"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="host_period"),
        ]
        indexes = [models.Index(fields=["address"], name="host_address")]  # tickets of a source

    def __str__(self) -> str:
        return self.address


class Evidence(models.Model):
    """An observation log, frozen: the bytes of the CSV, and what they hold. Never changed once made."""

    investigation = models.ForeignKey(Investigation, models.CASCADE, related_name="evidence")
    csv = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    row_count = models.PositiveIntegerField()
    period_start = models.DateTimeField(null=True)  # of the rows; None without rows
    period_end = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("observation log (evidence)")
        verbose_name_plural = _("observation logs (evidence)")
        ordering = ["-pk"]

    @property
    def file_name(self) -> str:
        return f"{self.investigation.number}-observation-log.csv"


class MailKind(models.TextChoices):
    FIRST_NOTICE = "first_notice", _("first notice")


class Draft(models.Model):
    """The mail being written, one per ticket. `prepared` are the very bytes of the last preview; editing clears them."""

    investigation = models.OneToOneField(Investigation, models.CASCADE, related_name="draft")
    kind = models.CharField(max_length=20, choices=MailKind, default=MailKind.FIRST_NOTICE)
    subject = models.CharField(_("subject"), max_length=250)
    body = models.TextField(_("text"))
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="drafts")
    written_at = models.DateTimeField(auto_now=True)
    version = models.PositiveIntegerField(default=1)  # grows with every edit, so that nobody overwrites what they have not seen
    prepared = models.BinaryField(null=True)
    prepared_sha256 = models.CharField(max_length=64, blank=True)
    prepared_message_id = models.CharField(max_length=250, blank=True)
    prepared_at = models.DateTimeField(null=True)
    # The second person who released the prepared bytes (TLP:RED needs one).
    approved_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")


class MailStatus(models.TextChoices):
    QUEUED = "queued", pgettext_lazy("mail", "queued")
    SENDING = "sending", pgettext_lazy("mail", "sending")
    SENT = "sent", pgettext_lazy("mail", "sent")
    FAILED = "failed", pgettext_lazy("mail", "failed")
    UNCERTAIN = "uncertain", pgettext_lazy("mail", "delivery uncertain")


class OutgoingMail(models.Model):
    """The outbox: a row exists before anything is sent. `message` is what was previewed, confirmed and sent, byte by byte."""

    investigation = models.ForeignKey(Investigation, models.PROTECT, related_name="outgoing_mail")
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="outgoing_mail")
    hosts = models.ManyToManyField(Host, related_name="outgoing_mail")  # whom the mail is about
    kind = models.CharField(max_length=20, choices=MailKind, default=MailKind.FIRST_NOTICE)
    status = models.CharField(max_length=10, choices=MailStatus, default=MailStatus.QUEUED)
    message_id = models.CharField("Message-ID", max_length=250, unique=True)
    sender = models.EmailField()
    recipients = ArrayField(models.EmailField())
    subject = models.CharField(max_length=250)
    body = models.TextField()
    message = models.BinaryField()
    sha256 = models.CharField(max_length=64)  # of `message`: what the person who confirmed it was shown
    confirmed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    confirmed_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")  # the second person, where one was needed
    overrides = models.JSONField(default=dict)  # gate item → {"finding", "reason"}
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)  # the last answer of the server, or why there was none

    class Meta:
        verbose_name = _("outgoing mail")
        verbose_name_plural = _("outgoing mail")
        ordering = ["pk"]
        constraints = [
            # A second mail of the same ticket waits until the fate of the first is known.
            models.UniqueConstraint(
                fields=["investigation"], condition=Q(status__in=["queued", "sending", "uncertain"]), name="mail_one_in_flight"
            )
        ]
        indexes = [models.Index(fields=["status", "next_try_at"], name="outgoing_mail_due")]  # the retry job

    def __str__(self) -> str:
        return self.message_id


class TimelineEntry(models.Model):
    """One change: who, when, what, why. Never changed. `data` holds what the words of `kind` need, such as from and to."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("ticket opened")
        HOST_ADDED = "host_added", _("host added")
        HOST_MOVED = "host_moved", _("hosts moved")
        STATE = "state", _("state changed")
        HOST_STATE = "host_state", _("state of a host changed")
        INCIDENT_STATE = "incident_state", _("state of the incident changed")
        LOOKUP = "lookup", _("contact look-up requested")
        CONTACT = "contact", _("contact chosen")
        DRAFT = "draft", _("draft written")
        DRAFT_EDITED = "draft_edited", _("draft edited")
        APPROVED = "approved", _("preview approved")
        CONFIRMED = "confirmed", _("preview confirmed")
        OVERRIDE = "override", _("objection overridden")
        MAIL_SENT = "mail_sent", _("mail sent")
        MAIL_DELAYED = "mail_delayed", _("mail delayed")
        MAIL_FAILED = "mail_failed", _("mail failed")
        MAIL_UNCERTAIN = "mail_uncertain", _("delivery uncertain")
        MAIL_SETTLED = "mail_settled", _("uncertain delivery settled")
        NOTE = "note", _("note")
        PLAN = "plan", _("plan changed")

    SYSTEM = "system"  # the name of the actor where nobody of the users acted

    investigation = models.ForeignKey(Investigation, models.CASCADE, related_name="timeline")
    host = models.ForeignKey(Host, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind)
    data = models.JSONField(default=dict)
    why = models.TextField(blank=True)

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline")
        ordering = ["-pk"]
