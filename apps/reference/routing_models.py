"""Which autonomous systems originated which prefixes, from dated tables of routes."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Family(models.IntegerChoices):
    IPV4 = 4, "IPv4"
    IPV6 = 6, "IPv6"


class RoutingSnapshot(models.Model):
    """That the routes of one address family are known as of one day."""

    family = models.PositiveSmallIntegerField(_("address family"), choices=Family)
    date = models.DateField(_("date"))
    source = models.CharField(_("file"), max_length=200)
    rows = models.PositiveIntegerField(_("prefixes"))
    digest = models.CharField(max_length=64)  # SHA-256 of the rows: equal content, equal answers
    loaded_at = models.DateTimeField(_("loaded"), auto_now=True)

    class Meta:
        verbose_name = _("routing snapshot")
        verbose_name_plural = _("routing snapshots")
        ordering = ["-date", "family"]
        constraints = [models.UniqueConstraint(fields=["family", "date"], name="routing_snapshot_once")]

    def __str__(self) -> str:
        return f"{self.get_family_display()} {self.date}"


class RoutedPrefix(models.Model):
    """A prefix and who originated it, as every snapshot dated in [valid_from, valid_to) says. Written by differences.py alone.

    `start_key` is a source key; IPv6 prefixes lie inside 2000::/3 and are no longer than /64. `origins` is as
    routeorigins.canonical writes it: 64500, 64500_64501 (announced by both), {64500,64501} (a set of which one did).
    """

    family = models.PositiveSmallIntegerField(choices=Family)
    start_key = models.BigIntegerField()
    length = models.PositiveSmallIntegerField()
    origins = models.TextField()
    valid_from = models.DateField()
    valid_to = models.DateField(default=date.max)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(length__gte=1, length__lte=64), name="routed_prefix_length"),
            models.CheckConstraint(condition=Q(valid_to__gt=F("valid_from")), name="routed_prefix_span"),
            models.UniqueConstraint(fields=["family", "start_key", "length", "valid_from"], name="routed_prefix_once"),
        ]

    def __str__(self) -> str:
        return f"{self.start_key}/{self.length} {self.origins}"
