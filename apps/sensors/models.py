"""The sensors, their keys and what they said of themselves. No table here or elsewhere holds a sensor's address."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from rest_framework_api_key.models import AbstractAPIKey

from apps.accounts.models import Organisation, User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class Network(models.IntegerChoices):
    """What is counted as one: our sensors, those of the scenario, and each half of both, which is what reports are about."""

    OWN = 1
    SCENARIO = 2
    DOMESTIC = 3
    OVERSEAS = 4
    SCENARIO_DOMESTIC = 5
    SCENARIO_OVERSEAS = 6

    @property
    def panels(self) -> "frozenset[Panel]":
        return frozenset(panel for panel in Panel if self in panel.networks)


class Panel(models.IntegerChoices):
    """Disjoint parts of what is counted, added at read time: the two halves of the network, and the two of the scenario's
    generated one, which "all" never includes."""

    DOMESTIC = 1
    OVERSEAS = 2
    SCENARIO_DOMESTIC = 3
    SCENARIO_OVERSEAS = 4

    @classmethod
    def of(cls, is_overseas: bool, is_scenario: bool) -> "Panel":
        return cls(1 + is_overseas + 2 * is_scenario)

    @property
    def is_overseas(self) -> bool:
        return self in (Panel.OVERSEAS, Panel.SCENARIO_OVERSEAS)

    @property
    def is_scenario(self) -> bool:
        return self in (Panel.SCENARIO_DOMESTIC, Panel.SCENARIO_OVERSEAS)

    @property
    def network(self) -> Network:
        return Network.SCENARIO if self.is_scenario else Network.OWN

    @property
    def half(self) -> Network:
        return Network[self.name]

    @property
    def networks(self) -> tuple[Network, Network]:
        """All that it is counted in."""
        return self.network, self.half


class SensorQuerySet(models.QuerySet["Sensor"]):
    def visible_to(self, user: "User | AnonymousUser") -> "SensorQuerySet":
        """Own staff see every sensor, others the sensors their organisation owns."""
        if not isinstance(user, User) or user.organisation is None:
            return self.none()
        return self.all() if user.is_own_staff else self.filter(organisation=user.organisation)

    def observing(self) -> "SensorQuerySet":
        """Without the sensors of a scenario, which observe nothing."""
        return self.filter(is_scenario=False)


class Sensor(models.Model):
    """A place that records unsolicited packets. Its name is internal: outsiders see "Domestic sensor 1"."""

    class LineType(models.TextChoices):
        HOME = "home", _("home line")
        BUSINESS = "business", _("business line")
        ACADEMIC = "academic", _("academic network")
        HOSTING = "hosting", _("hosting")
        DARKNET = "darknet", _("unused address block")

    name = models.SlugField(_("name"), max_length=60, unique=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="sensors", verbose_name=_("owner"))
    country = models.CharField(_("country"), max_length=2)
    is_overseas = models.BooleanField(_("overseas"), default=False)
    # Its flows are generated (`manage.py load_scenario`); it is a set of its own and never part of "all".
    is_scenario = models.BooleanField(_("scenario"), default=False, editable=False)
    line_type = models.CharField(_("line type"), max_length=20, choices=LineType, default=LineType.HOSTING)
    address_count = models.PositiveIntegerField(_("number of addresses"), default=1)
    active_from = models.DateField(_("active from"))
    active_to = models.DateField(_("active to"), null=True, blank=True)
    # Written by ingest and heartbeats; the age of the newest packet is the sensor's lag.
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True, editable=False)
    last_packet_at = models.DateTimeField(_("newest packet"), null=True, blank=True, editable=False)

    objects = SensorQuerySet.as_manager()

    class Meta:
        verbose_name = _("sensor")
        verbose_name_plural = _("sensors")
        ordering = ["is_overseas", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(active_to__isnull=True) | Q(active_to__gte=models.F("active_from")), name="sensor_active_span"
            ),
            models.CheckConstraint(condition=Q(address_count__gte=1), name="sensor_has_addresses"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def panel(self) -> Panel:
        return Panel.of(self.is_overseas, self.is_scenario)


class SensorKey(AbstractAPIKey):
    """A secret with which one sensor sends its batches; stored hashed, shown once, revocable."""

    sensor = models.ForeignKey(Sensor, models.CASCADE, related_name="keys", verbose_name=_("sensor"))
    may_import = models.BooleanField(_("may import"), default=False, help_text=_("May send observations older than INGEST_MAX_AGE_DAYS."))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta(AbstractAPIKey.Meta):
        verbose_name = _("sensor key")  # type: ignore[assignment]  # the base class is typed as str
        verbose_name_plural = _("sensor keys")  # type: ignore[assignment]


class Heartbeat(models.Model):
    """A sensor's word, every five minutes, that it was watching during [start, end), packets or none. UTC."""

    sensor = models.ForeignKey(Sensor, models.CASCADE, related_name="heartbeats")
    start = models.DateTimeField()
    end = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)
    report = models.JSONField(default=dict)  # uptime, spool, capture counters

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sensor", "start"], name="heartbeat_once")]


class ExclusionQuerySet(models.QuerySet["Exclusion"]):
    def visible_to(self, user: "User | AnonymousUser") -> "ExclusionQuerySet":
        """Those of the sensors that the user may see."""
        return self.filter(sensor__in=Sensor.objects.visible_to(user))


class Exclusion(models.Model):
    """Flows of one sensor and port, first_day to last_day (reporting days, both inclusive), kept out of every count."""

    sensor = models.ForeignKey(Sensor, models.CASCADE, related_name="exclusions")
    protocol = models.PositiveSmallIntegerField()
    port = models.PositiveIntegerField()
    first_day = models.DateField()
    last_day = models.DateField(null=True, blank=True)
    reason = models.TextField()

    objects = ExclusionQuerySet.as_manager()
