"""What scanning services saw of hosts, by date. The portal itself never connects to one. For the own organisation only."""

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class HostProvider(models.TextChoices):
    SHODAN = "shodan", _("Shodan")
    INTERNETDB = "internetdb", _("InternetDB")


class HostSnapshotQuerySet(models.QuerySet["HostSnapshot"]):
    def visible_to(self, user: "User | AnonymousUser") -> "HostSnapshotQuerySet":
        """Raw profiles and guesses at CVEs stay in the own organisation."""
        return self.all() if isinstance(user, User) and user.is_own_staff else self.none()


class HostSnapshot(models.Model):
    """One answer of a scanning service about one address. `scanned_at` (UTC) is the newest scan it reports, or the time of the
    answer where it reports none; the same scan fetched again is the same row. `features` are the comparable facts of the
    answer, each as one text (hosts/features.py), for counting and for feature sets."""

    address = models.GenericIPAddressField()
    provider = models.CharField(max_length=12, choices=HostProvider)
    scanned_at = models.DateTimeField()
    fetched_at = models.DateTimeField()
    os = models.CharField(max_length=100, blank=True)
    hostnames = ArrayField(models.CharField(max_length=255), default=list)
    tags = ArrayField(models.CharField(max_length=60), default=list)
    cves = ArrayField(models.CharField(max_length=30), default=list)  # guessed by the service from banners; never in mail
    features = ArrayField(models.CharField(max_length=200), default=list)
    raw = models.JSONField()
    is_sample = models.BooleanField(default=False)  # an invented answer of the stand-in

    objects = HostSnapshotQuerySet.as_manager()

    class Meta:
        verbose_name = _("host profile")
        verbose_name_plural = _("host profiles")
        ordering = ["-scanned_at"]
        constraints = [models.UniqueConstraint(fields=["address", "provider", "scanned_at"], name="host_scan_once")]
        indexes = [
            GinIndex(fields=["features"], name="host_features"),  # snapshots that match a feature set
        ]

    def __str__(self) -> str:
        return f"{self.address} {self.provider} {self.scanned_at:%Y-%m-%d}"


class HostService(models.Model):
    """A port on which a scan found the host listening. `seen_at` is that port's own scan (UTC), None where none is told."""

    snapshot = models.ForeignKey(HostSnapshot, models.CASCADE, related_name="services")
    protocol = models.PositiveSmallIntegerField()  # IANA number: 6 TCP, 17 UDP
    port = models.PositiveIntegerField()
    seen_at = models.DateTimeField(null=True)
    module = models.CharField(max_length=60, blank=True)
    product = models.CharField(max_length=120, blank=True)
    version = models.CharField(max_length=80, blank=True)
    banner_hash = models.BigIntegerField(null=True)
    certificate = models.CharField(max_length=64, blank=True)  # SHA-256 of it, hexadecimal
    cpes = ArrayField(models.CharField(max_length=200), default=list)
    banner = models.TextField(blank=True)  # without control characters, shortened

    class Meta:
        ordering = ["protocol", "port"]
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "protocol", "port"], name="host_service_once"),
            models.CheckConstraint(condition=models.Q(port__lte=65535), name="host_service_port"),
        ]

    def __str__(self) -> str:
        return f"{self.port}/{self.protocol} {self.product}".strip()


FEATURE_KINDS = ("port", "product", "version", "banner", "cert", "tag", "os", "module", "derived")


def _check_feature(text: str) -> None:
    kind, colon, rest = text.partition(":")
    if kind not in FEATURE_KINDS or not colon or not rest.strip():
        raise ValidationError(_("“%(text)s” is not a feature such as port:tcp/22 or tag:vpn.") % {"text": text})


class FeatureSetQuerySet(models.QuerySet["FeatureSet"]):
    def visible_to(self, user: "User | AnonymousUser") -> "FeatureSetQuerySet":
        return self.all() if isinstance(user, User) and user.is_own_staff else self.none()


class FeatureSet(models.Model):
    """Features that hosts of one campaign share, as a question that later profiles are asked too: a profile matches that has
    all of `wants_all`, at least one of `wants_any` (if there are any), and none of `wants_none`."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    note = models.TextField(_("note"), blank=True, max_length=4000)
    wants_all = ArrayField(models.CharField(max_length=200, validators=[_check_feature]), default=list, blank=True)
    wants_any = ArrayField(models.CharField(max_length=200, validators=[_check_feature]), default=list, blank=True)
    wants_none = ArrayField(models.CharField(max_length=200, validators=[_check_feature]), default=list, blank=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = FeatureSetQuerySet.as_manager()

    class Meta:
        verbose_name = _("feature set")
        verbose_name_plural = _("feature sets")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
