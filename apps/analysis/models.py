"""What analysts find, or the portal finds for them."""

from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class ChangeKind(models.TextChoices):
    NEW_IN_TOP = "new_in_top", _("new in the top ports or regions")
    RANK_JUMP = "rank_jump", _("change of rank")
    SPIKE = "spike", _("spike")
    STEP = "step", _("step change")
    TREND = "trend", _("slow trend")
    WEEKLY_CYCLE = "weekly_cycle", _("weekly cycle")
    BUMPS = "bumps", _("rises of regions behind a total")
    OVERLAP = "overlap", _("overlapping sources")
    CORRELATION = "correlation", _("correlated change")
    NO_CORRELATION = "no_correlation", _("no correlation found")


class ChangeState(models.TextChoices):
    NEW = "new", pgettext_lazy("change", "new")
    WATCHED = "watched", pgettext_lazy("change", "watched")
    DISMISSED = "dismissed", pgettext_lazy("change", "dismissed")


class ChangeQuerySet(models.QuerySet["Change"]):
    def visible_to(self, user: "User | AnonymousUser") -> "ChangeQuerySet":
        """They are computed over the whole network: own staff and partners who may read its counts see them, and of the
        scenario's network own staff alone."""
        if not isinstance(user, User) or user.organisation is None:
            return self.none()
        if user.is_own_staff:
            return self.all()
        return self.filter(sensors="all") if user.organisation.sees_network_counts else self.none()


class Change(models.Model):
    """One notable change of one port or region, or of a pair of them, over all sensors; found by `analysis.changes`.

    `first` and `last` are days of the reporting zone, both inclusive: the day of a spike or step, the span of a trend.
    `numbers` hold what the sentence says and the curve it was found in. A change stays the same row while it is found
    again, and what somebody made of it stays with it.
    """

    kind = models.CharField(max_length=20, choices=ChangeKind)
    sensors = models.CharField(max_length=20, default="all")  # the set of sensors, as in addresses: all or scenario
    dimension = models.CharField(max_length=10)  # port or region
    subject = models.CharField(max_length=60)  # tcp/23, JP, or a pair tcp/23,tcp/2323
    direction = models.SmallIntegerField(default=0)  # 1 up, −1 down, 0 neither
    first = models.DateField()
    last = models.DateField()
    score = models.FloatField()  # 0 to 100, see docs/subsystems/changes.md
    numbers = models.JSONField()
    as_of = models.DateField()  # the newest day that was looked at when it was last found
    found_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=ChangeState, default=ChangeState.NEW)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, default="")

    objects = ChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notable change")
        verbose_name_plural = _("notable changes")
        constraints = [
            models.UniqueConstraint(fields=["sensors", "kind", "dimension", "subject", "direction", "first"], name="change_once"),
            models.CheckConstraint(condition=models.Q(last__gte=models.F("first")), name="change_ends_after_it_begins"),
        ]
        indexes = [models.Index(fields=["-last", "-score"], name="change_newest")]  # the page and the card of the home page

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.first}"


class ChangeSearch(models.Model):
    """The newest search for changes in one set of sensors: up to which day, and in which state the counts were then."""

    sensors = models.CharField(max_length=20, unique=True)
    as_of = models.DateField()
    stamp = models.CharField(max_length=64)
    ran_at = models.DateTimeField(auto_now=True)


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def visible_to(self, user: "User | AnonymousUser") -> "AnnotationQuerySet":
        """Own staff see them all; they are internal notes."""
        return self.all() if isinstance(user, User) and user.is_own_staff else self.none()


class Annotation(models.Model):
    """What happened on a day, written beside the curves it may explain: news, an advisory, a change of our own sensors.

    Days are of the reporting zone, `last_day` inclusive and None for one day. Empty `ports` (a pattern as of port groups)
    and `regions` (codes separated by commas) stand for any. Written by annotations.py alone."""

    day = models.DateField(_("day"))
    last_day = models.DateField(_("last day"), null=True)
    text_en = models.CharField(_("text (English)"), max_length=300, blank=True)
    text_ja = models.CharField(_("text (Japanese)"), max_length=300, blank=True)
    url = models.URLField(_("link"), max_length=500, blank=True)
    ports = models.CharField(_("ports"), max_length=400, blank=True)
    regions = models.CharField(_("regions"), max_length=400, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        verbose_name = _("annotation")
        verbose_name_plural = _("annotations")
        ordering = ["-day", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__isnull=True) | models.Q(last_day__gte=models.F("day")), name="annotation_span"
            ),
            models.CheckConstraint(condition=~models.Q(text_en="", text_ja=""), name="annotation_has_text"),
        ]
        indexes = [models.Index(fields=["day"], name="annotation_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.text}"

    @property
    def text(self) -> str:
        """In the active language where it was written in it."""
        wanted, other = (self.text_ja, self.text_en) if (get_language() or "").startswith("ja") else (self.text_en, self.text_ja)
        return wanted or other

    @property
    def last(self) -> date:
        return self.last_day or self.day


class SourceNoteQuerySet(models.QuerySet["SourceNote"]):
    def visible_to(self, user: "User | AnonymousUser") -> "SourceNoteQuerySet":
        """Own staff see them all; they are internal."""
        return self.all() if isinstance(user, User) and user.is_own_staff else self.none()


class SourceNote(models.Model):
    """What somebody of own staff wrote about one source address. Never changed: a correction is a further note.

    `address` as text, of IPv6 the /64 prefix, as figures print it. Written by sourcenotes.py alone."""

    address = models.CharField(max_length=43)
    text = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SourceNoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("note on a source")
        verbose_name_plural = _("notes on sources")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["address", "-created_at"], name="note_of_source")]

    def __str__(self) -> str:
        return self.address
