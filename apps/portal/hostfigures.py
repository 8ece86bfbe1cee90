"""What scanning services saw of the hosts behind a view: whether they listen on the port they sent to, by administrator, and what
the hosts of one administrator have in common. For own staff; pages and API ask here."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from apps.analysis import daysets
from apps.common.errors import ParameterError
from apps.common.ports import TCP, UDP, PortKey
from apps.enrichment.holders.behind import UNKNOWN, KnownHolder, holders_of_networks, networks_of
from apps.enrichment.likeness import featuresets
from apps.enrichment.likeness.commonfeatures import Common, common
from apps.enrichment.likeness.listening import Listening, listening_on
from apps.enrichment.likeness.scans import looked_up, nearest, scans_of
from apps.enrichment.likeness.sightings import Ids, Keys, Sightings, sightings_of
from apps.observations import queries
from apps.observations.figures import FigureMeta, Selection, Unit
from apps.observations.planning.captions import context_of
from apps.observations.planning.sourcelists import require_addresses


@dataclass(frozen=True)
class HolderListening:
    """`holder` None: the sources of which no administrator is known."""

    holder: KnownHolder | None
    listening: Listening

    @property
    def holder_id(self) -> int | None:
        return self.holder.id if self.holder else None

    @property
    def holder_name(self) -> str:
        return self.holder.name if self.holder else ""


@dataclass(frozen=True)
class SamePort:
    """Of the sources that sent to `port`: how many listen on it. Rows by administrator, most sources first, unknown ones last."""

    port: PortKey
    everybody: HolderListening
    rows: tuple[HolderListening, ...]
    meta: FigureMeta


@dataclass(frozen=True)
class Saved:
    """How many of the group's profiles match a saved feature set."""

    feature_set: int
    sources: int


@dataclass(frozen=True)
class CommonFeatures:
    """What the sources of a view have in common; of one holder, beside those of the others in the same view. `asked` of its
    `sources` were looked up."""

    holder: KnownHolder | None
    sources: int
    asked: int
    common: Common
    saved: tuple[Saved, ...]
    meta: FigureMeta

    @property
    def holder_name(self) -> str:
        return self.holder.name if self.holder else ""


def same_port(selection: Selection) -> SamePort:
    """ParameterError on `ports` unless exactly one TCP or UDP port is chosen."""
    require_addresses(selection.scope)
    port = one_port(selection)
    sightings, meta = _sightings(selection)
    found = listening_on(port, sightings)
    owners, holders = _owners(sightings.keys)
    ids, sizes = np.unique(owners, return_counts=True)
    ranked = sorted(zip(ids.tolist(), sizes.tolist(), strict=True), key=lambda one: (one[0] == UNKNOWN, -one[1], one[0]))
    rows = tuple(HolderListening(holders.get(pk), found.among(owners == pk)) for pk, _size in ranked)
    return SamePort(port, HolderListening(None, found), rows, meta)


def one_port(selection: Selection) -> PortKey:
    if len(selection.ports) != 1 or selection.groups or selection.ports[0].protocol not in (TCP, UDP):
        raise ParameterError("ports", _("choose exactly one TCP or UDP port, such as tcp/22"))
    return selection.ports[0]


def common_features(selection: Selection, holder_id: int | None) -> CommonFeatures:
    """ParameterError on `holder` where none of the view's sources is the holder's."""
    require_addresses(selection.scope)
    sightings, meta = _sightings(selection)
    owners, holders = _owners(sightings.keys)
    mine = owners == holder_id if holder_id is not None else np.ones(len(owners), bool)
    if holder_id is not None and not mine.any():
        raise ParameterError("holder", _("administers none of the sources of this view"))
    scans = scans_of(sightings.keys)
    chosen = nearest(scans, sightings)
    is_mine = mine[chosen.at]
    own = chosen.only(is_mine)
    return CommonFeatures(
        holder=holders.get(holder_id) if holder_id is not None else None,
        sources=int(mine.sum()),
        asked=int((looked_up(sightings.keys) & mine).sum()),
        common=common(own, chosen.only(~is_mine)),
        saved=tuple(Saved(*one) for one in sorted(featuresets.counts(own).items())),
        meta=meta,
    )


def holder_id_from(query: Mapping[str, str]) -> int | None:
    """The parameter `holder`, the number of a holder; None: all the sources behind the view."""
    text = query.get("holder", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ParameterError("holder", _("is not the number of a holder"))
    return int(text)


def _sightings(selection: Selection) -> tuple[Sightings, FigureMeta]:
    context, days = queries.together(lambda: context_of(selection), lambda: daysets.days_of(selection))
    return sightings_of(days), context.meta(Unit.SOURCES)


def _owners(keys: Keys) -> tuple[Ids, dict[int, KnownHolder]]:
    """The holder's id of each source, UNKNOWN where nobody was asked, and the holders by id. Two queries."""
    networks = networks_of(keys)
    ids, place = np.unique(networks, return_inverse=True)
    holders = holders_of_networks(ids.tolist())
    owner = np.array([holders[pk].id if pk in holders else UNKNOWN for pk in ids.tolist()], np.int64)
    return (owner[place] if len(keys) else np.empty(0, np.int64)), {one.id: one for one in holders.values()}
