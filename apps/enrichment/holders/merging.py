"""Which holder each merged one counts for, from the merges in force; and which holders may be one."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db import connection

from apps.enrichment.models import Holder, HolderMerge


def flattened(merges: Iterable[tuple[int, int]]) -> dict[int, int]:
    """(kept, absorbed) of the merges in force → absorbed: the holder at the end of its chain.

    Only holders that count for themselves are merged, and each of them once, so that chains neither branch nor close.
    """
    onward = {absorbed: kept for kept, absorbed in merges}
    return {absorbed: _end(absorbed, onward) for absorbed in onward}


def _end(holder: int, onward: dict[int, int]) -> int:
    while holder in onward:
        holder = onward[holder]
    return holder


def lock() -> None:
    """One merge or undoing at a time, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('enrichment:merges', 0))")


def replay() -> set[int]:
    """Write into every holder where it counts; → those for which that changed. Call it under `lock`."""
    wanted = flattened(HolderMerge.objects.filter(undone_at=None).values_list("kept_id", "absorbed_id"))
    stored: dict[int, int | None] = dict(Holder.objects.exclude(merged_into=None).values_list("pk", "merged_into_id"))
    changed = {pk for pk in wanted.keys() | stored.keys() if wanted.get(pk) != stored.get(pk)}
    for pk in changed:
        Holder.objects.filter(pk=pk).update(merged_into=wanted.get(pk))
    return changed


# What may be one: offered, never done by itself


class Likeness(StrEnum):
    HANDLE = "handle"
    NAME = "name"


@dataclass(frozen=True)
class Candidate:
    id: int
    name: str
    registry: str
    handle: str


@dataclass(frozen=True)
class Group:
    """Holders that may be one, most networks first where the caller ordered them so. `shared` is what they have in common."""

    likeness: Likeness
    shared: str
    members: tuple[Candidate, ...]


# Legal forms, which registrations write or leave out; those of Latin letters as last words, others at either end.
_FORMS = (
    r"株式会社|有限会社|合同会社|一般社団法人|一般財団法人|公益財団法人|\(株\)|\(有\)"
    r"|주식회사|유한회사|\(주\)|股份有限公司|有限责任公司|有限公司"
)
_LATIN_FORMS = re.compile(
    r"(?:\b(?:co|company|corp|corporation|inc|incorporated|ltd|limited|llc|llp|lp|plc|gmbh|ag|kg|bv|nv|sa|sas|sarl|srl|spa|ab|as|aps|oy|oyj|pty"
    r"|pte|sdn|bhd|kk|kabushiki kaisha|jsc|pjsc|ooo|sro|doo|ltda|sl|tbk|pt)\b\s*)+$"
)
SHORTEST = 3


def normalised(name: str) -> str:
    """A name without case, width, punctuation and legal form; '' where too little is left to compare."""
    text = re.sub(_FORMS, " ", unicodedata.normalize("NFKC", name).casefold())
    text = re.sub(r"(?<=\b\w)\.(?=\w\b)", "", text)  # s.a., b.v., k.k.
    text = re.sub(r"[^\w]+|_", " ", text).strip()
    bare = re.sub(r"\s+", "", _LATIN_FORMS.sub("", text) or text)
    return bare if len(bare) >= SHORTEST else ""


def alike(candidates: Iterable[Candidate]) -> list[Group]:
    """Groups of two or more by the handle of an organisation, then by name; a pair is told once."""
    known, told, groups = list(candidates), set[frozenset[int]](), []
    for likeness, key in ((Likeness.HANDLE, _handle), (Likeness.NAME, lambda one: normalised(one.name))):
        by_key: dict[str, list[Candidate]] = defaultdict(list)
        for one in known:
            by_key[key(one)].append(one)
        for shared, found in by_key.items():
            ids = frozenset(one.id for one in found)
            if shared and len(found) > 1 and ids not in told:
                told.add(ids)
                groups.append(Group(likeness, shared, tuple(found)))
    return groups


def _handle(one: Candidate) -> str:
    return one.handle.casefold()
