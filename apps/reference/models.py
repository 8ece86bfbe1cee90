"""Facts from elsewhere, dated: RIR delegations, tables of routes, names people prefer for ports, lists of survey scanners.

Addresses are source keys (apps/common/sourcekeys.py): IPv4 as its value, IPv6 as its /64 prefix. Registries delegate
IPv6 inside 2000::/3 only, so every key fits PostgreSQL's signed bigint.
"""

from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.portranges import parse_pattern
from apps.common.ports import NAMES, TCP, UDP
from apps.reference.note_models import AdviceBlock as AdviceBlock
from apps.reference.note_models import PortNote as PortNote
from apps.reference.routing_models import Family as Family
from apps.reference.routing_models import RoutedPrefix as RoutedPrefix
from apps.reference.routing_models import RoutingSnapshot as RoutingSnapshot

FOREVER = date.max  # `valid_to` of what the newest snapshot still says


class Registry(models.IntegerChoices):
    """The five regional registries; the labels are their names in delegated files. The sixth is nobody's: it delegates
    the addresses of a scenario, for the scenario's sensors alone, and no file can speak for it."""

    AFRINIC = 1, "afrinic"
    APNIC = 2, "apnic"
    ARIN = 3, "arin"
    LACNIC = 4, "lacnic"
    RIPENCC = 5, "ripencc"
    SCENARIO = 6, "scenario"


REGIONAL = tuple(registry for registry in Registry if registry is not Registry.SCENARIO)


class DelegationStatus(models.IntegerChoices):
    """Only these two count; what is available or reserved is nobody's."""

    ALLOCATED = 1, "allocated"
    ASSIGNED = 2, "assigned"


class Snapshot(models.Model):
    """That the delegations of one registry are known as of one day."""

    registry = models.PositiveSmallIntegerField(_("registry"), choices=Registry)
    date = models.DateField(_("date"))
    rows = models.PositiveIntegerField(_("delegations"))
    digest = models.CharField(max_length=64)  # SHA-256 of the rows: equal content, equal region map
    loaded_at = models.DateTimeField(_("loaded"), auto_now=True)

    class Meta:
        verbose_name = _("delegation snapshot")
        verbose_name_plural = _("delegation snapshots")
        ordering = ["-date", "registry"]
        constraints = [models.UniqueConstraint(fields=["registry", "date"], name="snapshot_once")]

    def __str__(self) -> str:
        return f"{self.get_registry_display()} {self.date}"


class Delegation(models.Model):
    """A range delegated into one region, as every snapshot dated in [valid_from, valid_to) says. Written by
    snapshots.py alone; between two snapshots the earlier one holds, before the first the first."""

    registry = models.PositiveSmallIntegerField(choices=Registry)
    start_key = models.BigIntegerField()
    end_key = models.BigIntegerField()  # inclusive
    region = models.PositiveIntegerField()  # common.regions.encode
    status = models.PositiveSmallIntegerField(choices=DelegationStatus)
    opaque_id = models.TextField(blank=True)  # the registry's mark of one holder, stable within a file
    valid_from = models.DateField()
    valid_to = models.DateField(default=FOREVER)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end_key__gte=F("start_key")), name="delegation_range"),
            models.CheckConstraint(condition=Q(valid_to__gt=F("valid_from")), name="delegation_span"),
            models.UniqueConstraint(
                fields=["registry", "start_key", "end_key", "region", "status", "opaque_id", "valid_from"], name="delegation_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registry} {self.start_key}-{self.end_key}"


class PortAlias(models.Model):
    """The name people know a port by, where it is not IANA's (1433/TCP: ms-sql for ms-sql-s)."""

    protocol = models.PositiveSmallIntegerField(_("protocol"), choices=[(number, NAMES[number].upper()) for number in (TCP, UDP)])
    port = models.PositiveIntegerField(_("port"), validators=[MaxValueValidator(65535)])
    name = models.CharField(_("name"), max_length=40, validators=[RegexValidator(r"^[\w.+ -]+$")])

    class Meta:
        verbose_name = _("port alias")
        verbose_name_plural = _("port aliases")
        ordering = ["port", "protocol"]
        constraints = [
            models.UniqueConstraint(fields=["protocol", "port"], name="port_alias_once"),
            models.CheckConstraint(condition=Q(port__lte=65535), name="port_alias_port"),
        ]

    def __str__(self) -> str:
        return f"{self.port}/{self.get_protocol_display()} {self.name}"


def _check_pattern(pattern: str) -> None:
    try:
        parse_pattern(pattern)
    except ValueError as error:
        raise ValidationError(str(error)) from error


class PortGroup(models.Model):
    """Destination ports that figures may show as one, by a pattern such as udp/1020-1039. A group may be defined anew
    under the same slug from a later day on; no two definitions of one slug hold on the same day."""

    slug = models.SlugField(_("short name"), max_length=40)
    name_en = models.CharField(_("name (English)"), max_length=60)
    name_ja = models.CharField(_("name (Japanese)"), max_length=60)
    pattern = models.CharField(_("ports"), max_length=400, validators=[_check_pattern], help_text=_("Such as udp/1020-1039,tcp/23."))
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True, help_text=_("The last day, inclusive."))
    note = models.TextField(_("note"), blank=True, max_length=2000)

    class Meta:
        verbose_name = _("port group")
        verbose_name_plural = _("port groups")
        ordering = ["slug", F("valid_from").asc(nulls_first=True)]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="port_group_span",
                violation_error_message=_("The last day lies before the first."),
            ),
            models.UniqueConstraint(fields=["slug", "valid_from"], name="port_group_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.slug} ({self.pattern})"

    def clean(self) -> None:
        first, last = self.valid_from or date.min, self.valid_to or date.max
        for other in PortGroup.objects.filter(slug=self.slug).exclude(pk=self.pk):
            if first <= (other.valid_to or date.max) and (other.valid_from or date.min) <= last:
                raise ValidationError({"valid_from": _("Another definition of this group holds on some of these days.")})


class ScannerList(models.Model):
    """A published list of addresses that scan for surveys, as of a day."""

    name = models.CharField(_("name"), max_length=80)
    list_date = models.DateField(_("date"))

    class Meta:
        verbose_name = _("list of survey scanners")
        verbose_name_plural = _("lists of survey scanners")
        ordering = ["-list_date", "name"]
        constraints = [models.UniqueConstraint(fields=["name", "list_date"], name="scanner_list_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.list_date})"


class ScannerRange(models.Model):
    """Addresses of a list, as source keys, both ends included."""

    list = models.ForeignKey(ScannerList, models.CASCADE, related_name="ranges")
    start_key = models.BigIntegerField()
    end_key = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(end_key__gte=F("start_key")), name="scanner_range")]
