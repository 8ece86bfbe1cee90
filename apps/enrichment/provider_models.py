"""Those whom the portal asks: registries by RDAP and WHOIS, scanning services. How they fare, and what may be asked of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User


class Provider(models.Model):
    """One service that is asked under one limit: `rdap:apnic`, `whois:apnic`, `nir:jpnic`, `shodan`, `internetdb`. The circuit
    breaker is open until `open_until` (UTC): nothing is asked before, and then one query first."""

    name = models.CharField(primary_key=True, max_length=30)
    is_paused = models.BooleanField(_("paused"), default=False)  # by a person
    pause_reason = models.CharField(_("reason"), max_length=200, blank=True)
    paused_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    paused_at = models.DateTimeField(null=True, blank=True)
    failures_in_a_row = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_failure_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ProviderDay(models.Model):
    """How often a provider was asked on a UTC day; counted before a query is sent, so a crash counts as asked."""

    provider = models.ForeignKey(Provider, models.CASCADE, related_name="days")
    day = models.DateField()
    asked = models.PositiveIntegerField(default=0)
    asked_for_tickets = models.PositiveIntegerField(default=0)  # of `asked`
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "day"], name="provider_day_once"),
            models.CheckConstraint(condition=models.Q(asked__gte=models.F("asked_for_tickets")), name="provider_day_tickets"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.day}: {self.asked}"


class ProviderError(models.Model):
    """A sample of what went wrong; the newest of each provider are kept."""

    provider = models.ForeignKey(Provider, models.CASCADE, related_name="errors")
    at = models.DateTimeField(auto_now_add=True)
    address = models.GenericIPAddressField()
    state = models.CharField(max_length=12)
    message = models.CharField(max_length=200)  # a msgid that may hold %(detail)s
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["provider", "-at"], name="provider_errors")]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.at:%Y-%m-%d %H:%M} {self.state}"
