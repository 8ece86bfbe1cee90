"""Merges of holders: those made, and those that names and handles suggest. For own staff."""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.enrichment.holder_services import may_edit
from apps.enrichment.holders import merging, pseudonyms
from apps.enrichment.holders.merging import Candidate, Group, Likeness
from apps.enrichment.models import Holder, HolderMerge, Network
from apps.portal.links import with_query

SHOWN_GROUPS = 100


@dataclass(frozen=True)
class MemberLine:
    id: int
    name: str
    pseudonym: str
    registry: str
    url: str


@dataclass(frozen=True)
class GroupLine:
    why: str
    members: tuple[MemberLine, ...]
    value: str  # of the form: the numbers, first the one that is kept
    merge_url: str


@dataclass(frozen=True)
class HolderMergesPage:
    holder: Holder
    merges: tuple[HolderMerge, ...]
    suggestions: tuple[GroupLine, ...]
    may_edit: bool


@dataclass(frozen=True)
class MergesPage:
    groups: tuple[GroupLine, ...]
    count: int
    may_edit: bool
    reason: str = ""
    problem: str = ""


def merges_of_holder(holder: Holder, user: User) -> HolderMergesPage:
    """Its own merges, with those that went before, and the holders that may be the same. Three queries."""
    ids = {holder.pk, *holder.absorbed.values_list("pk", flat=True)}
    merges = HolderMerge.objects.filter(Q(kept__in=ids) | Q(absorbed__in=ids)).select_related("kept", "absorbed", "by", "undone_by")
    groups = [group for group in merging.alike(_candidates()) if any(one.id == holder.pk for one in group.members)]
    return HolderMergesPage(holder, tuple(merges), tuple(_group(group, holder.pk) for group in groups), may_edit(user))


def merges_page(user: User, reason: str = "", problem: str = "") -> MergesPage:
    """All groups of holders that may be one, the largest first."""
    groups = sorted(merging.alike(_candidates()), key=lambda group: (-len(group.members), group.shared))
    return MergesPage(tuple(_group(group) for group in groups[:SHOWN_GROUPS]), len(groups), may_edit(user), reason, problem)


def _candidates() -> list[Candidate]:
    """Holders that count for themselves and have networks, most networks first."""
    has_networks = Exists(Network.objects.filter(Q(administered_by=OuterRef("pk")) | Q(administered_by__merged_into=OuterRef("pk"))))
    rows: QuerySet[Holder, tuple[int, str, str, str]] = (
        Holder.objects.filter(has_networks, merged_into=None)
        .annotate(size=Count("networks"))
        .order_by("-size", "pk")
        .values_list("pk", "name", "registry", "handle")
    )
    return [Candidate(*row) for row in rows]


def _group(group: Group, kept: int | None = None) -> GroupLine:
    members = sorted(group.members, key=lambda one: one.id != kept) if kept else list(group.members)
    first, *rest = [one.id for one in members]
    return GroupLine(
        why=_why(group),
        members=tuple(map(_member, members)),
        value=",".join(str(one.id) for one in members),
        merge_url=with_query(reverse("portal:merge-holders", args=[first]), {"others": ", ".join(map(str, rest))}),
    )


def _member(one: Candidate) -> MemberLine:
    return MemberLine(one.id, one.name, pseudonyms.inside(one.id), one.registry, reverse("portal:holder", args=[one.id]))


def _why(group: Group) -> str:
    texts = {
        Likeness.HANDLE: _("the same handle of an organisation: %(shared)s"),
        Likeness.NAME: _("the same name but for case, punctuation and legal form: %(shared)s"),
    }
    return texts[group.likeness] % {"shared": group.shared}
