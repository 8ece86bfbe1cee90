"""Annotations on dates: which of them belong beside a figure, and writing them. Each change is audited."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import Role, User
from apps.analysis.models import Annotation
from apps.common import regions
from apps.common.errors import DomainError, NotAllowedError
from apps.common.periods import local_day
from apps.common.portranges import parse_pattern
from apps.observations.figures import Selection
from apps.observations.planning.asks import Ask
from apps.reference.names import is_region

WRITERS = (Role.ANALYST,)
LONGEST = {"text_en": 300, "text_ja": 300, "url": 500, "ports": 400}  # as the columns are
MOST = 200  # beside one figure; a chart with more of them says nothing
_EARLIEST, _LATEST = date(1990, 1, 1), date(2200, 1, 1)
_is_link = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True)
class Written:
    """The words and places of an annotation, as `Annotation` has them."""

    day: date
    last_day: date | None = None
    text_en: str = ""
    text_ja: str = ""
    url: str = ""
    ports: str = ""
    regions: str = ""


def may_annotate(user: object) -> bool:
    return isinstance(user, User) and user.is_own_staff and user.has_role(*WRITERS)


def annotations_for(selection: Selection, user: object) -> list[Annotation]:
    """What happened in the period of a figure and may concern its ports and regions, in order of the day. One that names
    ports concerns figures of all ports and of any of these; regions likewise. One query."""
    if not isinstance(user, User):
        return []
    period = selection.period
    first, last = local_day(period.start, period.zone), local_day(period.end - timedelta(microseconds=1), period.zone)
    spans = Q(last_day__isnull=True, day__gte=first) | Q(last_day__gte=first)
    found = Annotation.objects.visible_to(user).filter(spans, day__lte=last).order_by("day", "pk")[:MOST]
    ask = Ask(selection)
    ports, chosen = (None if codes is None else frozenset(codes) for codes in (ask.ports, ask.regions))
    return [one for one in found if _concerns_ports(one, ports) and _concerns_regions(one, chosen, ask.other_regions)]


def _concerns_ports(one: Annotation, ports: frozenset[int] | None) -> bool:
    if not one.ports or ports is None:
        return True
    return any(code in found.codes for found in parse_pattern(one.ports) for code in ports)


def _concerns_regions(one: Annotation, chosen: frozenset[int] | None, left_out: tuple[int, ...]) -> bool:
    codes = {regions.encode(code) for code in one.regions.split(",")} if one.regions else set()
    return not codes or bool(codes - set(left_out) if chosen is None else codes & chosen)


# Writing


@transaction.atomic
def add(*, by: User, written: Written) -> Annotation:
    """A new annotation; DomainError names the fields that are wrong."""
    made = Annotation.objects.create(created_by=by, **_checked(by, written))
    audit.record(by=by, action="annotation.added", target=made, **_told(made))
    return made


@transaction.atomic
def change(*, annotation: Annotation, by: User, written: Written) -> Annotation:
    """The annotation as it is written now."""
    fields = _checked(by, written)
    found = Annotation.objects.select_for_update().get(pk=annotation.pk)
    before = _told(found)
    for name, value in fields.items():
        setattr(found, name, value)
    found.save(update_fields=list(fields))
    audit.record(by=by, action="annotation.changed", target=found, before=before, after=_told(found))
    return found


@transaction.atomic
def remove(*, annotation: Annotation, by: User) -> None:
    _require_writer(by)
    found = Annotation.objects.select_for_update().get(pk=annotation.pk)
    audit.record(by=by, action="annotation.removed", target=found, **_told(found))
    found.delete()


def _require_writer(by: User) -> None:
    if not may_annotate(by):
        raise NotAllowedError(_("Analysts write annotations."))


def _checked(by: User, written: Written) -> dict[str, object]:
    """Values of fields; all that is wrong is said at once."""
    _require_writer(by)
    problems: dict[str, str] = {}
    fields = asdict(written) | {name: _tidy(problems, name, getattr(written, name)) for name in ("text_en", "text_ja", "url")}
    fields["ports"] = _ports(problems, written.ports)
    fields["regions"] = _regions(problems, written.regions)
    _check_days(problems, written)
    if not fields["text_en"] and not fields["text_ja"]:
        problems["text_en"] = _("write the text in at least one language")
    if problems:
        raise DomainError(_("The annotation was not saved."), fields=problems)
    return fields


def _tidy(problems: dict[str, str], name: str, text: str) -> str:
    most = LONGEST[name]
    tidy = " ".join(text.split())
    if len(tidy) > most:
        problems[name] = _("longer than %(max)d characters") % {"max": most}
    elif not tidy.isprintable():
        problems[name] = _("holds characters that cannot be printed")
    elif tidy and name == "url":
        try:
            _is_link(tidy)
        except ValidationError:
            problems[name] = _("is not a link that begins with https:// or http://")
    return tidy


def _ports(problems: dict[str, str], text: str) -> str:
    try:
        found = ",".join(map(str, parse_pattern(text))) if text.strip() else ""
    except ValueError as error:
        problems["ports"] = str(error)
        return ""
    if len(found) > LONGEST["ports"]:
        problems["ports"] = _("longer than %(max)d characters") % {"max": LONGEST["ports"]}
    return found


def _regions(problems: dict[str, str], text: str) -> str:
    codes = list(dict.fromkeys(code.strip().upper() for code in text[:2000].split(",") if code.strip()))
    if wrong := [code for code in codes if not is_region(code)]:
        problems["regions"] = _("%(text)r is not a region that a registry uses") % {"text": wrong[0]}
    elif len(codes) > 100:
        problems["regions"] = _("more than %(max)d values") % {"max": 100}
    return ",".join(codes)


def _check_days(problems: dict[str, str], written: Written) -> None:
    for name in ("day", "last_day"):
        day = getattr(written, name)
        if day is not None and not _EARLIEST <= day <= _LATEST:
            problems[name] = _("lies outside 1990 to 2200")
    if written.last_day and written.last_day < written.day:
        problems["last_day"] = _("lies before the first day")


def _told(one: Annotation) -> dict[str, str]:
    names = ("day", "last_day", "text_en", "text_ja", "url", "ports", "regions")
    return {name: str(getattr(one, name) or "") for name in names}
