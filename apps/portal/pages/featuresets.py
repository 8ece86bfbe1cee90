"""Named feature sets: the list, and the hosts that one of them matches. For own staff."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from apps.accounts.models import Role, User
from apps.common.periods import local_day
from apps.enrichment.hosts.features import label
from apps.enrichment.likeness.featuresets import Match, matching, newest
from apps.enrichment.models import FeatureSet
from apps.portal import words

SHOWN = 100


@dataclass(frozen=True)
class SetLine:
    name: str
    url: str
    wants_all: tuple[str, ...]
    wants_any: tuple[str, ...]
    wants_none: tuple[str, ...]


@dataclass(frozen=True)
class HostLine:
    address: str
    url: str
    first: str
    last: str


@dataclass(frozen=True)
class SetsPage:
    lines: tuple[SetLine, ...]
    may_edit: bool


@dataclass(frozen=True)
class SetPage:
    """`hosts` are the latest SHOWN of the `total` that match."""

    line: SetLine
    number: int
    note: tuple[str, ...]
    hosts: tuple[HostLine, ...]
    total: str
    is_cut: bool
    may_edit: bool


def may_edit(user: User) -> bool:
    return user.is_own_staff and user.has_role(Role.ANALYST)


def sets_page(user: User) -> SetsPage:
    return SetsPage(tuple(map(set_line, FeatureSet.objects.visible_to(user))), may_edit(user))


def set_page(row: FeatureSet, user: User) -> SetPage:
    """Three queries."""
    hosts, total = newest(row, SHOWN), matching(row).order_by().values("address").distinct().count()
    return SetPage(
        line=set_line(row),
        number=row.pk,
        note=tuple(part.strip() for part in row.note.split("\n\n") if part.strip()),
        hosts=tuple(map(_host, hosts)),
        total=words.number(total),
        is_cut=total > len(hosts),
        may_edit=may_edit(user),
    )


def set_line(row: FeatureSet) -> SetLine:
    wants = (tuple(map(label, features)) for features in (row.wants_all, row.wants_any, row.wants_none))
    return SetLine(row.name, reverse("portal:feature-set", args=[row.pk]), *wants)


def _host(match: Match) -> HostLine:
    first, last = (words.day(local_day(moment, settings.REPORT_TIME_ZONE)) for moment in (match.first, match.last))
    return HostLine(match.address, reverse("portal:source", args=[match.address]), first, last)
