"""What registries said about the networks that sources belong to. Contacts are for own staff only."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.enrichment.holder_models import ContactRole as ContactRole
from apps.enrichment.holder_models import CorrectedField as CorrectedField
from apps.enrichment.holder_models import Correction as Correction
from apps.enrichment.holder_models import Holder as Holder
from apps.enrichment.holder_models import HolderKind as HolderKind
from apps.enrichment.holder_models import HolderMerge as HolderMerge
from apps.enrichment.holder_models import ManualContact as ManualContact
from apps.enrichment.host_models import FeatureSet as FeatureSet
from apps.enrichment.host_models import HostProvider as HostProvider
from apps.enrichment.host_models import HostService as HostService
from apps.enrichment.host_models import HostSnapshot as HostSnapshot
from apps.enrichment.provider_models import Provider as Provider
from apps.enrichment.provider_models import ProviderDay as ProviderDay
from apps.enrichment.provider_models import ProviderError as ProviderError


class Network(models.Model):
    """A registered range and its holder, as one registry answered last. `end` is inclusive."""

    start = models.GenericIPAddressField()
    end = models.GenericIPAddressField()
    cidrs = ArrayField(models.CharField(max_length=43), default=list)
    handle = models.CharField(max_length=200)
    name = models.CharField(max_length=200, blank=True)
    holder = models.CharField(max_length=300, blank=True)
    holder_handle = models.CharField(max_length=200, blank=True)
    administered_by = models.ForeignKey(Holder, models.PROTECT, null=True, related_name="networks")
    country = models.CharField(max_length=2, blank=True)
    registry = models.CharField(max_length=20)
    asn = models.PositiveBigIntegerField(null=True)
    source = models.CharField(max_length=10, default="rdap")
    is_sample = models.BooleanField(default=False)  # an invented answer of the stand-in
    raw = models.JSONField()
    raw_whois = models.TextField(blank=True)  # what WHOIS and a national registry said, where they were asked too
    fetched_at = models.DateTimeField()

    class Meta:
        verbose_name = _("network")
        verbose_name_plural = _("networks")
        constraints = [models.UniqueConstraint(fields=["start", "end"], name="network_once")]

    def __str__(self) -> str:
        return f"{', '.join(self.cidrs) or f'{self.start} - {self.end}'} {self.name}".strip()


class NetworkVersion(models.Model):
    """What a registry said of a network for a time: a new row whenever the parsed answer differs from the one before.
    `contacts` are those of that answer as [{"email", "role", "level", …}]."""

    network = models.ForeignKey(Network, models.CASCADE, related_name="versions")
    source = models.CharField(max_length=10)
    handle = models.CharField(max_length=200)
    name = models.CharField(max_length=200, blank=True)
    holder = models.CharField(max_length=300, blank=True)
    holder_handle = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=2, blank=True)
    asn = models.PositiveBigIntegerField(null=True)
    contacts = models.JSONField(default=list)
    digest = models.CharField(max_length=64)  # SHA-256 of all of the above
    raw = models.JSONField()
    raw_whois = models.TextField(blank=True)
    first_fetched_at = models.DateTimeField()
    last_fetched_at = models.DateTimeField()

    class Meta:
        verbose_name = _("version of a network")
        verbose_name_plural = _("versions of networks")
        ordering = ["-first_fetched_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["network", "first_fetched_at"], name="network_version_once")]

    def __str__(self) -> str:
        return f"{self.network_id} {self.first_fetched_at:%Y-%m-%d} {self.holder}"


class NetworkContact(models.Model):
    """A mail address that the registry names for a network. `level` is how deep in the answer it stood: 0 is an entity of
    the network itself, 1 an entity of that entity, and so on. No personal names are kept."""

    network = models.ForeignKey(Network, models.CASCADE, related_name="contacts")
    email = models.EmailField(max_length=254)
    role = models.PositiveSmallIntegerField(choices=ContactRole)
    level = models.PositiveSmallIntegerField()
    entity = models.CharField(max_length=200, blank=True)  # the registry's handle of who this is
    organisation = models.CharField(max_length=300, blank=True)  # only where the entity is no person
    is_registry_mailbox = models.BooleanField(default=False)

    class Meta:
        ordering = ["is_registry_mailbox", "role", "level", "pk"]
        constraints = [models.UniqueConstraint(fields=["network", "email", "role"], name="network_contact_once")]

    def __str__(self) -> str:
        return self.email


class State(models.TextChoices):
    """Where the look-up of an address stands."""

    NONE = "none", _("not looked up")
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("being looked up")
    DONE = "done", _("looked up")
    NOT_FOUND = "not_found", _("not registered")
    RATE_LIMITED = "rate_limited", _("held back by the registry")
    TIMEOUT = "timeout", _("no answer")
    ERROR = "error", _("failed")


UNDER_WAY = (State.QUEUED, State.RUNNING)
FAILED = (State.RATE_LIMITED, State.TIMEOUT, State.ERROR)


class Priority(models.IntegerChoices):
    """How urgently an answer is needed; the lower number is asked first."""

    TICKET = 1, _("ticket")
    CANDIDATE = 2, _("candidate")
    PAGE = 3, _("page being viewed")
    REPORT = 4, _("report")
    BACKGROUND = 5, _("background")


_WAITING = Q(state="queued", handed_at=None)


class QueuedLookup(models.Model):
    """A question about one address and how far it got; the queue is these rows. Times are UTC."""

    state = models.CharField(max_length=12, choices=State, default=State.NONE)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.BACKGROUND)
    reason = models.CharField(max_length=100, blank=True)  # what it is needed for: "ticket #2026-000123"
    attempts = models.PositiveSmallIntegerField(default=0)  # since the last success
    queued_at = models.DateTimeField(null=True)
    handed_at = models.DateTimeField(null=True)  # to the broker; None while it waits for its turn
    started_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)  # when the answer came that serves it
    next_try_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)  # a msgid that may hold %(detail)s
    error_detail = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True

    @property
    def error_text(self) -> str:
        """The error in the reader's language, '' where there is none."""
        return gettext(self.error) % {"detail": self.error_detail} if self.error else ""


class Lookup(QueuedLookup):
    """The state of knowing who runs one address. `network` is the answer that serves it; where `is_exact` is false the
    answer was to a neighbour in the same block (/24, IPv6 /48), good for statistics and not for a mail."""

    address = models.GenericIPAddressField(unique=True)
    block = models.CharField(max_length=43)
    registry = models.CharField(max_length=20, blank=True)
    wants_exact = models.BooleanField(default=False)
    is_exact = models.BooleanField(default=False)
    network = models.ForeignKey(Network, models.SET_NULL, null=True, related_name="lookups")

    class Meta:
        verbose_name = _("look-up")
        verbose_name_plural = _("look-ups")
        indexes = [
            models.Index(fields=["block", "-fetched_at"], condition=Q(state="done", is_exact=True), name="lookup_of_block"),
            models.Index(fields=["next_try_at"], condition=Q(state__in=["rate_limited", "timeout", "error"]), name="lookup_to_retry"),
            models.Index(fields=["registry", "priority", "queued_at"], condition=_WAITING, name="lookup_queue"),
            models.Index(fields=["block"], condition=Q(state="queued"), name="lookup_waiting_in_block"),
            models.Index(fields=["registry", "block"], condition=Q(handed_at__isnull=False), name="lookup_under_way"),
        ]

    def __str__(self) -> str:
        return f"{self.address} {self.state}"


class HostLookup(QueuedLookup):
    """The state of knowing what runs on one address, by one scanning service. `snapshot` is the newest answer, None where
    the service has no data of the address, which is an answer too (`done`)."""

    address = models.GenericIPAddressField()
    provider = models.CharField(max_length=12, choices=HostProvider)
    snapshot = models.ForeignKey(HostSnapshot, models.SET_NULL, null=True, related_name="lookups")

    class Meta:
        verbose_name = _("look-up of a host")
        verbose_name_plural = _("look-ups of hosts")
        constraints = [models.UniqueConstraint(fields=["address", "provider"], name="host_lookup_once")]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state__in=["rate_limited", "timeout", "error"]), name="host_lookup_to_retry"),
            models.Index(
                fields=["provider", "priority", "queued_at"], condition=Q(state="queued", handed_at=None), name="host_lookup_queue"
            ),
            models.Index(fields=["provider", "address"], condition=Q(handed_at__isnull=False), name="host_lookup_under_way"),
        ]

    def __str__(self) -> str:
        return f"{self.address} {self.provider} {self.state}"
