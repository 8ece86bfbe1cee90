"""Annotations on dates: the list of all, and the form that writes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.analysis.annotations import Written, may_annotate
from apps.analysis.models import Annotation
from apps.common.errors import DomainError
from apps.common.portranges import PortRange, parse_pattern
from apps.common.ports import NAMES, PortKey
from apps.portal import words
from apps.portal.links import with_query
from apps.reference.names import port_label, region_label

MOST = 500
MOST_PORTS = 50  # in an address
AROUND = timedelta(days=14)
FIELDS = ("day", "last_day", "text_en", "text_ja", "url", "ports", "regions")


@dataclass(frozen=True)
class AnnotationLine:
    id: int
    days: str
    text: str
    url: str
    ports: str
    regions: str
    explorer_url: str
    is_edited: bool


@dataclass(frozen=True)
class AnnotationsPage:
    """`edited` is the annotation that the form changes, None where it adds one; `written` is what the form holds, `problems`
    what is wrong with it, each by field."""

    lines: tuple[AnnotationLine, ...]
    may_edit: bool
    edited: Annotation | None
    written: Mapping[str, str]
    problems: Mapping[str, str]


def annotations_page(
    user: User, edited: Annotation | None = None, written: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None
) -> AnnotationsPage:
    rows = Annotation.objects.visible_to(user)[:MOST]
    form = written if written is not None else _of(edited) if edited else {}
    return AnnotationsPage(
        lines=tuple(_line(row, edited) for row in rows), may_edit=may_annotate(user), edited=edited, written=form, problems=problems or {}
    )


def _line(row: Annotation, edited: Annotation | None) -> AnnotationLine:
    return AnnotationLine(
        id=row.pk,
        days=words.days(row.day, row.last),
        text=row.text,
        url=row.url,
        ports=_(", ").join(map(_range, parse_pattern(row.ports))) if row.ports else "",
        regions=_(", ").join(region_label(code) for code in row.regions.split(",")) if row.regions else "",
        explorer_url=_explorer_url(row),
        is_edited=edited is not None and edited.pk == row.pk,
    )


def _range(one: PortRange) -> str:
    """1020-1039/UDP; a single port by its label."""
    key = PortKey(one.protocol, one.first)
    return port_label(key) if one.first == one.last else f"{one.first}-{one.last}/{NAMES[one.protocol].upper()}"


def _explorer_url(row: Annotation) -> str:
    """The curves it may explain, two weeks to either side."""
    span = {"from": (row.day - AROUND).isoformat(), "to": (row.last + AROUND + timedelta(days=1)).isoformat()}
    ports = [str(PortKey(one.protocol, port)) for one in parse_pattern(row.ports) for port in one.ports] if row.ports else []
    return with_query(reverse("portal:explorer"), span | {"ports": ",".join(ports[:MOST_PORTS]), "regions": row.regions})


def _of(row: Annotation) -> dict[str, str]:
    return {name: str(getattr(row, name) or "") for name in FIELDS}


def read_form(sent: Mapping[str, str]) -> Written:
    """What a form holds; DomainError where a day is none. Everything else `annotations` checks."""
    texts = {name: str(sent.get(name, ""))[:2000].strip() for name in FIELDS}
    days = {name: _day(name, texts.pop(name)) for name in ("day", "last_day")}
    if days["day"] is None:
        raise DomainError(_("The annotation was not saved."), fields={"day": _("is needed")})
    return Written(day=days["day"], last_day=days["last_day"], **texts)


def _day(name: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise DomainError(_("The annotation was not saved."), fields={name: _("is not a day such as 2026-10-31")}) from error
