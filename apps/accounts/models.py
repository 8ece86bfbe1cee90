"""Who uses the portal, for which organisation, in which role; and the log of what they did."""

from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common import regions

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class Role(models.TextChoices):
    ANALYST = "analyst", _("analyst")
    COORDINATOR = "coordinator", _("coordinator")
    APPROVER = "approver", _("approver")
    PARTNER = "partner", _("partner")
    AUDITOR = "auditor", _("auditor")
    ADMIN = "admin", _("administrator of the portal")


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def visible_to(self, user: "User | AnonymousUser") -> "OrganisationQuerySet":
        """Own staff see every organisation, others their own."""
        if not isinstance(user, User):
            return self.none()
        return self.all() if user.is_own_staff else self.filter(pk=user.organisation_id)


class Organisation(models.Model):
    """A body that runs the portal, receives its findings or hosts its sensors."""

    class Kind(models.TextChoices):
        OWN_CSIRT = "own_csirt", _("own CSIRT")
        PARTNER_CSIRT = "partner_csirt", _("partner CSIRT")
        SENSOR_HOST = "sensor_host", _("sensor host")

    name = models.CharField(_("name"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    regions = ArrayField(
        models.CharField(max_length=2),
        default=list,
        blank=True,
        help_text=_("Regions that this organisation looks after, such as JP. They neither limit nor widen what it sees."),
    )
    sees_network_counts = models.BooleanField(
        _("sees network counts"), default=False, help_text=_("May see counts added up over all sensors, without their names.")
    )

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        for region in self.regions:
            try:
                regions.encode(region)
            except ValueError as error:
                raise ValidationError({"regions": str(error)}) from error


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: "User | AnonymousUser") -> "UserQuerySet":
        """Own staff see every user, others their colleagues; a user without organisation sees only itself."""
        if not isinstance(user, User):
            return self.none()
        if user.organisation_id is None:
            return self.filter(pk=user.pk)
        return self.all() if user.is_own_staff else self.filter(organisation=user.organisation_id)


class UserManager(DjangoUserManager["User"]):
    use_in_migrations = False

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, user: "User | AnonymousUser") -> UserQuerySet:
        return self.get_queryset().visible_to(user)


class User(AbstractUser):
    """A person or program that signs in. What it may do follows from its roles and its organisation's kind."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="users", verbose_name=_("organisation")
    )
    roles = ArrayField(models.CharField(max_length=20, choices=Role), default=list, blank=True, verbose_name=_("roles"))
    language = models.CharField(_("language"), max_length=2, choices=[("ja", "日本語"), ("en", "English")], default="ja")

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def has_role(self, *roles: Role) -> bool:
        """Whether the user holds any of the roles; administrators of the portal do not inherit the others."""
        return bool(set(roles) & set(self.roles))

    @property
    def is_own_staff(self) -> bool:
        """Whether the user works for the CSIRT that runs the portal; only they see sensors by name and tickets."""
        return self.organisation is not None and self.organisation.kind == Organisation.Kind.OWN_CSIRT

    @property
    def may_coordinate(self) -> bool:
        return self.is_own_staff and self.has_role(Role.COORDINATOR, Role.APPROVER)


class AuditEntry(models.Model):
    """One thing somebody did that changed the portal; never changed or deleted by it. Times are UTC."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=200)  # stays when the account goes
    action = models.CharField(max_length=60)  # a verb of the app: "sensor.key_revoked"
    target = models.CharField(max_length=200)
    detail = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.action} {self.target}"
