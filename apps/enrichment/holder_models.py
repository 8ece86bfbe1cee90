"""Who administers networks, as one party however many registrations name it, and what people said against a registry."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class ContactRole(models.IntegerChoices):
    """What a contact is registered for; the lower number is asked first."""

    ABUSE = 1, _("abuse")
    TECHNICAL = 2, _("technical")
    ADMINISTRATIVE = 3, _("administrative")
    OTHER = 9, _("unspecified")


class HolderKind(models.TextChoices):
    """What a holder does with its addresses. Of the first three a mail reaches a provider, not who used the address."""

    ISP_DYNAMIC = "isp_dynamic", _("ISP, dynamic addresses")
    ISP_FIXED = "isp_fixed", _("ISP, static addresses")
    SHARED = "shared", _("ISP, shared addresses (CGN, MAP-E)")
    HOSTING = "hosting", _("hosting provider")
    ENTERPRISE = "enterprise", _("enterprise")
    ACADEMIC = "academic", _("academic")
    GOVERNMENT = "government", _("government")
    UNKNOWN = "unknown", _("unknown")


class HolderQuerySet(models.QuerySet["Holder"]):
    def visible_to(self, user: "User | AnonymousUser") -> "HolderQuerySet":
        """Names of holders are for own staff."""
        return self.all() if isinstance(user, User) and user.is_own_staff else self.none()


class Holder(models.Model):
    """One administrator. `identity` says what makes it one: the registry's handle of an organisation, else a name, else one
    network. A holder merged into another is kept, so that a merge can be undone; its networks then count for the other.
    The primary key is its stable pseudonym inside the house ("Holder 17")."""

    identity = models.CharField(max_length=340, unique=True)
    name = models.CharField(_("name"), max_length=300, blank=True)
    is_name_chosen = models.BooleanField(default=False)  # by a person; no answer of a registry changes it
    registry = models.CharField(max_length=20)
    handle = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=2, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=HolderKind, default=HolderKind.UNKNOWN)
    kind_reason = models.CharField(_("reason"), max_length=200, blank=True)  # why a person chose the kind, else "rule|word"
    is_kind_chosen = models.BooleanField(default=False)  # by a person; no suggestion changes it
    note = models.TextField(_("note"), blank=True, max_length=2000)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="absorbed")
    is_sample = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = HolderQuerySet.as_manager()

    class Meta:
        verbose_name = _("holder")
        verbose_name_plural = _("holders")
        constraints = [models.CheckConstraint(condition=~Q(merged_into=models.F("pk")), name="holder_not_in_itself")]

    def __str__(self) -> str:
        return self.name or self.identity


class HolderMerge(models.Model):
    """That one holder was found to be another. `Holder.merged_into` follows from those not undone, in their order."""

    kept = models.ForeignKey(Holder, models.PROTECT, related_name="merges")
    absorbed = models.ForeignKey(Holder, models.PROTECT, related_name="merged")
    reason = models.CharField(_("reason"), max_length=500)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    undone_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["absorbed"], condition=Q(undone_at__isnull=True), name="holder_merged_once"),
            models.CheckConstraint(condition=~Q(kept=models.F("absorbed")), name="merge_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.absorbed_id} → {self.kept_id}"


class CorrectedField(models.TextChoices):
    HOLDER = "holder", _("holder")
    NAME = "name", _("name of the network")
    COUNTRY = "country", _("registered country")
    ASN = "asn", _("AS number")


class Correction(models.Model):
    """What a person knows better than the registry's answer about a network. It holds until withdrawn, through every new
    look-up, and the answer itself is kept unchanged."""

    network = models.ForeignKey("enrichment.Network", models.PROTECT, related_name="corrections")
    field = models.CharField(_("field"), max_length=10, choices=CorrectedField)
    value = models.CharField(_("value"), max_length=300)
    reason = models.CharField(_("reason"), max_length=500)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    withdrawn_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["network", "field"], condition=Q(withdrawn_at__isnull=True), name="correction_in_force_once")
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.value}"


class ManualContact(models.Model):
    """A mail address that a person knows for a holder or for one network. It comes before what registries name."""

    holder = models.ForeignKey(Holder, models.PROTECT, null=True, blank=True, related_name="manual_contacts")
    network = models.ForeignKey("enrichment.Network", models.PROTECT, null=True, blank=True, related_name="manual_contacts")
    email = models.EmailField(_("mail address"), max_length=254)
    role = models.PositiveSmallIntegerField(_("role"))  # ContactRole
    reason = models.CharField(_("reason"), max_length=500)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    withdrawn_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["role", "at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(holder__isnull=True) ^ Q(network__isnull=True), name="manual_contact_of_one"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def role_label(self) -> str:
        return str(ContactRole(self.role).label)
