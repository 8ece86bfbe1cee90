"""One question to the planner, with what its filters and its group mean in columns. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from apps.common import regions
from apps.observations.figures import Dimension, Scanners, Selection
from apps.observations.models import COUNTED, Slice
from apps.observations.planning import keys

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Ask:
    """Numbers of a selection by the values of `group` and by bin. `spans` are the bins, each [start, end) and in order,
    by default the period as one bin; `only` keeps some values of the group, `source` one source."""

    selection: Selection
    group: Dimension = Dimension.NONE
    spans: tuple[Span, ...] = ()
    only: tuple[int, ...] | None = None
    source: int | None = None  # one source key; segments alone can answer

    def __post_init__(self) -> None:
        if not self.spans:
            object.__setattr__(self, "spans", ((self.selection.period.start, self.selection.period.end),))

    def for_keys(self, only: tuple[int, ...]) -> "Ask":
        return replace(self, only=only)

    def ungrouped(self) -> "Ask":
        return replace(self, group=Dimension.NONE, only=None)

    @property
    def signatures(self) -> tuple[int, ...]:
        chosen = tuple(int(signature) for signature in self.selection.signatures or COUNTED)
        return self._restricted(Dimension.SIGNATURE, chosen) or ()

    @property
    def ports(self) -> tuple[int, ...] | None:
        """Port codes to keep, None for all."""
        return self._restricted(Dimension.PORT, tuple(keys.port_code(port) for port in self.selection.ports) or None)

    @property
    def regions(self) -> tuple[int, ...] | None:
        return self._restricted(Dimension.REGION, tuple(regions.encode(region) for region in self.selection.regions) or None)

    @property
    def sensors(self) -> tuple[int, ...]:
        return self._restricted(Dimension.SENSOR, self.selection.scope.sensor_ids) or ()

    @property
    def slice(self) -> Slice:
        """The slice of the counts that has the columns needed."""
        by_port = self.ports is not None or self.group is Dimension.PORT
        by_region = self.regions is not None or self.group is Dimension.REGION
        if by_port and by_region:
            return Slice.PORT_REGION
        return Slice.PORT if by_port else Slice.REGION if by_region else Slice.TOTAL

    @property
    def needs_rows(self) -> bool:
        """Whether something is asked that no count keeps apart: one source, or survey scanners."""
        return self.source is not None or self.selection.scanners is not Scanners.INCLUDE

    @property
    def is_per_sensor(self) -> bool:
        """Whether rows of the whole network cannot answer."""
        return self.group is Dimension.SENSOR or not self.selection.scope.panels

    def _restricted(self, dimension: Dimension, chosen: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if self.group is not dimension or self.only is None:
            return chosen
        return self.only if chosen is None else tuple(key for key in self.only if key in set(chosen))
