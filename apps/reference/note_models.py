"""What people know of ports, in their own words: notes, and advice for those whose machines send or listen there.

A port is named as elsewhere: `tcp/23`, `icmp/8`; a group of ports as `group:` and its short name.
"""

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, RegexValidator, URLValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.common.ports import PortKey

GROUP_PREFIX = "group:"
MOST_LETTERS = 4000
_SLUG = RegexValidator(r"^[-a-z0-9]{1,40}\Z", _("is not the short name of a group"))


def check_subject(text: str) -> None:
    """ValidationError unless the text names a port or a group of ports, written in the one way there is."""
    if text.startswith(GROUP_PREFIX):
        return _SLUG(text.removeprefix(GROUP_PREFIX))
    try:
        key = PortKey.parse(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error
    if str(key) != text:
        raise ValidationError(_("write it as %(key)s"), params={"key": str(key)})
    return None


_check_link = URLValidator(schemes=["https", "http"])


class InTwoLanguages(models.Model):
    """A text that exists in English and Japanese; `edited_at` is None while it is as it was shipped."""

    text_en = models.TextField(_("text (English)"), validators=[MaxLengthValidator(MOST_LETTERS)])
    text_ja = models.TextField(_("text (Japanese)"), validators=[MaxLengthValidator(MOST_LETTERS)])
    edited_at = models.DateTimeField(_("edited"), null=True, editable=False)
    edited_by = models.ForeignKey(User, models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("edited by"))

    class Meta:
        abstract = True

    @property
    def text(self) -> str:
        """In the active language."""
        return self.text_ja if _is_japanese() else self.text_en


class PortNote(InTwoLanguages):
    """What is known of a port or group of ports on the days valid_from to valid_to, both included; open where empty."""

    subject = models.CharField(_("port or group"), max_length=50, validators=[check_subject])
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True, help_text=_("The last day, inclusive."))
    links = ArrayField(models.CharField(max_length=300, validators=[_check_link]), size=10, default=list, blank=True)

    class Meta:
        verbose_name = _("port note")
        verbose_name_plural = _("port notes")
        ordering = ["subject", F("valid_from").asc(nulls_first=True)]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="port_note_span",
                violation_error_message=_("The last day lies before the first."),
            ),
            models.UniqueConstraint(fields=["subject", "valid_from"], name="port_note_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.valid_from or ''}".strip()


class AdviceBlock(InTwoLanguages):
    """What to do about packets to some ports, for one kind of reader; mail and pages take it as it stands."""

    class Audience(models.TextChoices):
        ADMINISTRATORS = "administrators", _("administrators")
        USERS = "users", _("ordinary users")

    key = models.SlugField(_("short name"), max_length=40, unique=True)
    audience = models.CharField(_("for"), max_length=20, choices=Audience)
    subjects = ArrayField(models.CharField(max_length=50, validators=[check_subject]), size=60, verbose_name=_("ports and groups"))
    title_en = models.CharField(_("title (English)"), max_length=120)
    title_ja = models.CharField(_("title (Japanese)"), max_length=120)

    class Meta:
        verbose_name = _("advice block")
        verbose_name_plural = _("advice blocks")
        ordering = ["audience", "key"]

    def __str__(self) -> str:
        return self.key

    @property
    def title(self) -> str:
        """In the active language."""
        return self.title_ja if _is_japanese() else self.title_en


def subjects_of(ports: Iterable[PortKey], groups: Iterable[str]) -> list[str]:
    """As notes name them."""
    return [str(port) for port in ports] + [f"{GROUP_PREFIX}{slug}" for slug in groups]


def _is_japanese() -> bool:
    return (get_language() or "en").startswith("ja")
