"""One question to the planner, with what its filters and its group mean in columns."""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from apps.common import regions
from apps.observations.figures import Dimension, Origin, Scanners, Selection
from apps.observations.models import COUNTED, Slice
from apps.observations.planning import derived, keys
from apps.reference import portgroups
from apps.reference.intervals import key_ranges

Span = tuple[datetime, datetime]
OWNERS = (Dimension.SENSOR, Dimension.PANEL)  # dimensions of which each value has days of its own
_UNKNOWN = regions.encode(regions.UNKNOWN)


@dataclass(frozen=True)
class Ask:
    """Numbers of a selection by the values of `group` and by bin. `spans` are the bins, each [start, end) and in order,
    by default the period as one bin; `source` keeps one source. `only` keeps some values of the group, and of derived
    groups perhaps others beside them.

    With `rows`, a second dimension, the key of a cell is row << 32 | column, the group's values being the columns."""

    selection: Selection
    group: Dimension = Dimension.NONE
    spans: tuple[Span, ...] = ()
    only: tuple[int, ...] | None = None
    source: int | None = None  # one source key; segments alone can answer
    rows: Dimension = Dimension.NONE
    only_rows: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not self.spans:
            object.__setattr__(self, "spans", ((self.selection.period.start, self.selection.period.end),))

    def for_keys(self, only: tuple[int, ...]) -> "Ask":
        return replace(self, only=only)

    def ungrouped(self) -> "Ask":
        return replace(self, group=Dimension.NONE, only=None, rows=Dimension.NONE, only_rows=None)

    @property
    def dimensions(self) -> tuple[Dimension, Dimension]:
        """Of rows and of columns."""
        return self.rows, self.group

    def is_by(self, *dimensions: Dimension) -> bool:
        """Whether numbers are told apart by one of these."""
        return bool(set(self.dimensions) & set(dimensions))

    @property
    def signatures(self) -> tuple[int, ...]:
        chosen = tuple(int(signature) for signature in self.selection.signatures or COUNTED)
        return self._restricted(Dimension.SIGNATURE, chosen) or ()

    @property
    def ports(self) -> tuple[int, ...] | None:
        """Port codes to keep, None for all."""
        chosen = self._restricted(Dimension.PORT, _ports_of(self.selection))
        kinds = self._only_of(Dimension.KIND)
        return chosen if kinds is None else _both(derived.ports_of(kinds), chosen)

    @property
    def regions(self) -> tuple[int, ...] | None:
        """Regions to keep, None for all but `other_regions`."""
        chosen: tuple[int, ...] | None = tuple(regions.encode(region) for region in self.selection.regions) or None
        if chosen is None and self.selection.origin is not Origin.FOREIGN:
            chosen = {Origin.DOMESTIC: (derived.home(),), Origin.UNKNOWN: (_UNKNOWN,)}.get(self.selection.origin)  # type: ignore[arg-type]
        elif chosen and self.selection.origin:
            chosen = derived.of_origin(chosen, self.selection.origin)
        return self._restricted(Dimension.REGION, chosen)

    @property
    def other_regions(self) -> tuple[int, ...]:
        """Regions to leave out: of foreign sources all others are kept, whichever they are."""
        return (derived.home(), _UNKNOWN) if self.selection.origin is Origin.FOREIGN else ()

    @property
    def ranges(self) -> tuple[tuple[int, int], ...] | None:
        """First and last source key of each range to keep, None for all."""
        return tuple(key_ranges(self.selection.prefix)) if self.selection.prefix else None

    @property
    def sensors(self) -> tuple[int, ...]:
        return self._restricted(Dimension.SENSOR, self.selection.scope.sensor_ids) or ()

    @property
    def slice(self) -> Slice:
        """The slice of the counts that has the columns needed."""
        by_port = self.ports is not None or self.is_by(Dimension.PORT, Dimension.KIND)
        by_region = self.regions is not None or bool(self.other_regions) or self.is_by(Dimension.REGION, Dimension.ORIGIN)
        if by_port and by_region:
            return Slice.PORT_REGION
        return Slice.PORT if by_port else Slice.REGION if by_region else Slice.TOTAL

    @property
    def needs_rows(self) -> bool:
        """Whether something is asked that no count keeps apart: one source, some of them, or survey scanners."""
        return self.source is not None or self.selection.prefix is not None or self.selection.scanners is not Scanners.INCLUDE

    @property
    def is_per_sensor(self) -> bool:
        """Whether rows of the whole network cannot answer."""
        return self.is_by(Dimension.SENSOR) or not self.selection.scope.panels

    def owner_of(self, key: int) -> int:
        """Whose covered days a key is to be seen over: its sensor, its side of the network, or 0 for everybody."""
        row, column = key >> 32, key & 0xFFFF_FFFF
        return row if self.rows in OWNERS else column if self.group in OWNERS else 0

    def _only_of(self, dimension: Dimension) -> tuple[int, ...] | None:
        return self.only if self.group is dimension else self.only_rows if self.rows is dimension else None

    def _restricted(self, dimension: Dimension, chosen: tuple[int, ...] | None) -> tuple[int, ...] | None:
        only = self._only_of(dimension)
        return chosen if only is None else _both(only, chosen)


def _both(only: tuple[int, ...], chosen: tuple[int, ...] | None) -> tuple[int, ...]:
    if chosen is None:
        return only
    kept = set(chosen)
    return tuple(key for key in only if key in kept)


def _ports_of(selection: Selection) -> tuple[int, ...] | None:
    """The ports chosen one by one and in groups, None for all. A group that no longer exists has no port."""
    if not selection.ports and not selection.groups:
        return None
    groups = {group.slug: group for group in portgroups.groups_on(selection.definitions_day)}
    grouped = (groups[slug].codes for slug in selection.groups if slug in groups)
    return tuple(dict.fromkeys(chain((keys.port_code(port) for port in selection.ports), *grouped)))
