"""Co-ports: to which other ports the sources behind a view also sent in the same period ("also sent to 23/TCP: n of m")."""

from dataclasses import dataclass

from apps.analysis.breakdown import Part, breakdown
from apps.observations.figures import Dimension, FigureMeta, Selection, Unit
from apps.observations.planning import keysets
from apps.observations.planning.asks import Ask
from apps.observations.planning.captions import context_of
from apps.observations.planning.keys import labels_of, text_of
from apps.observations.planning.reading import reading
from apps.observations.planning.together import together
from apps.observations.storage.sourcesets import Keys

MOST = 200


@dataclass(frozen=True)
class CoPort:
    """`sources` of the m behind the view also sent to `port` (`tcp/23`); `share` is their part of m."""

    port: str
    label: str
    sources: int
    share: float


@dataclass(frozen=True)
class CoPorts:
    """`total` is m, the distinct sources behind the view. The rows overlap and do not add up."""

    total: int
    rows: tuple[CoPort, ...]
    meta: FigureMeta


def co_ports(selection: Selection, limit: int = 20) -> CoPorts:
    """The other ports to which most sources of a selection sent in its period, at its sensors. Its filters by port,
    region, signature and scanner choose the sources; what they sent to other ports counts whichever they are."""
    with reading():
        context, keys = together(lambda: context_of(selection), lambda: keysets.everybody(Ask(selection)))
        rows = ports_of(selection, keys, limit, without=Ask(selection).ports or ())
        return CoPorts(len(keys), rows, context.meta(Unit.SOURCES))


def ports_of(selection: Selection, keys: Keys, limit: int, without: tuple[int, ...] = ()) -> tuple[CoPort, ...]:
    """The ports to which most of the sources `keys` sent in the period of a selection and at its sensors."""
    everything = Selection(selection.scope, selection.period)
    parts = breakdown(everything, keys, Dimension.PORT, limit, without)
    labels = labels_of(Dimension.PORT, [part.code for part in parts], selection.scope)
    return tuple(_row(part, labels[part.code], len(keys)) for part in parts)


def _row(part: Part, label: str, total: int) -> CoPort:
    return CoPort(text_of(Dimension.PORT, part.code), label, part.sources, part.sources / total)
