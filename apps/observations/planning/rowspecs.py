"""Which segment rows count, and what key and bin they have, as plain values: can be kept as JSON and compared.

A spec says all that an ask says about single rows, with spans in microseconds since 1970. The days to be read are told beside it.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from django.conf import settings

from apps.common.periods import Period
from apps.observations.figures import Dimension, Scanners
from apps.observations.planning import derived
from apps.observations.planning.asks import Ask
from apps.observations.storage.hours import microseconds
from apps.reference import portgroups

_LAYOUT = 1  # raise it when rows of the same spec would be kept otherwise
Bounds = tuple[int, int, int]  # [start, end) and the number of the bin


@dataclass(frozen=True)
class RowSpec:
    sensors: tuple[int, ...]
    signatures: tuple[int, ...]
    scanners: Scanners
    source: int | None
    ranges: tuple[tuple[int, int], ...] | None  # of source keys, both ends included
    ports: tuple[int, ...] | None
    regions: tuple[int, ...] | None
    other_regions: tuple[int, ...]
    rows: Dimension
    group: Dimension
    definitions_day: date
    spans: tuple[Bounds, ...]

    @classmethod
    def of(cls, ask: Ask, spans: tuple[Bounds, ...]) -> "RowSpec":
        return cls(
            ask.sensors, ask.signatures, ask.selection.scanners, ask.source, ask.ranges, ask.ports, ask.regions,
            ask.other_regions, *ask.dimensions, ask.selection.definitions_day if ask.is_by(Dimension.KIND) else date.min, spans,
        )  # fmt: skip

    def within(self, first: date, end: date) -> tuple["RowSpec", int]:
        """The spec of the rows of these reporting days alone, bins counted from 0, and the bin that is 0 there. Two periods
        that share a month thus share its rows. ValueError where no span touches the days."""
        window = Period.of_days(first, end, settings.REPORT_TIME_ZONE)
        start, stop = microseconds(window.start), microseconds(window.end)
        inside = [(max(a, start), min(b, stop), number) for a, b, number in self.spans if a < stop and b > start]
        offset = min(number for *_bounds, number in inside)
        return replace(self, spans=tuple((a, b, number - offset) for a, b, number in inside)), offset

    def digest(self, columns: tuple[str, ...] | None) -> bytes:
        """Names the rows that are kept, with what their keys depend on beside the spec."""
        whole = [_LAYOUT, self.as_json() | {"definitions_day": None}, columns, self._definitions()]
        return hashlib.sha256(json.dumps(whole, sort_keys=True, default=str).encode()).digest()

    def _definitions(self) -> list[Any]:
        dimensions = {self.rows, self.group}
        return [
            [(group.id, group.slug, str(group.ranges)) for group in portgroups.groups_on(self.definitions_day)]
            if Dimension.KIND in dimensions
            else None,
            settings.HOME_REGION if Dimension.ORIGIN in dimensions else None,
            sorted(derived.overseas_sensors()) if Dimension.PANEL in dimensions else None,
            str(settings.REPORT_TIME_ZONE),
        ]

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"definitions_day": self.definitions_day.isoformat()}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "RowSpec":
        def numbers(name: str) -> Any:
            return None if kept[name] is None else tuple(kept[name])

        return cls(
            numbers("sensors"), numbers("signatures"), Scanners(kept["scanners"]), kept["source"],
            None if kept.get("ranges") is None else tuple((a, b) for a, b in kept["ranges"]), numbers("ports"), numbers("regions"),
            numbers("other_regions"), Dimension(kept["rows"]), Dimension(kept["group"]),
            date.fromisoformat(kept["definitions_day"]), tuple((a, b, number) for a, b, number in kept["spans"]),
        )  # fmt: skip
