"""What rollup adds to each row of a day: the region of its source, whether it is excluded, whether a scanner sent it.

All three follow from the row itself and from dated reference data, so they are resolved anew at every rollup.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from apps.observations.storage.cells import encode
from apps.observations.storage.columns import Frame
from apps.reference.regions import RegionMap, region_map_for
from apps.reference.scanners import scanner_mask
from apps.sensors.models import Exclusion, Sensor


@dataclass(frozen=True)
class Labels:
    """The reference data of one reporting day. `excluded` holds (sensor, protocol, port). `scenario` says which sensors
    have generated flows and the map of their own that they are looked up in; None where none has."""

    day: date
    regions: RegionMap
    excluded: frozenset[tuple[int, int, int]]
    scenario: tuple[frozenset[int], RegionMap] | None = None

    def add_to(self, frame: Frame) -> None:
        """Set `region`, `scanner` and `excluded` of every row."""
        sources, codes = encode(frame["source"])
        frame["region"] = self._regions(sources, codes, frame["sensor"])
        frame["scanner"] = scanner_mask(sources, self.day)[codes]
        frame["excluded"] = self._is_excluded(frame)

    def map_of(self, sensor: int) -> RegionMap:
        return self.scenario[1] if self.scenario and sensor in self.scenario[0] else self.regions

    def _regions(self, sources: NDArray[np.uint64], codes: NDArray[np.uint32], sensor: NDArray[np.int32]) -> NDArray[np.uint16]:
        found = self.regions.lookup(sources)[codes]
        if self.scenario is None:
            return found
        sensors, regions = self.scenario
        return np.where(np.isin(sensor, list(sensors)), regions.lookup(sources)[codes], found)

    def _is_excluded(self, frame: Frame) -> NDArray[np.bool_]:
        excluded = np.zeros(len(frame["source"]), np.bool_)
        for sensor, protocol, port in self.excluded:
            excluded |= (frame["sensor"] == sensor) & (frame["protocol"] == protocol) & (frame["port"] == port)
        return excluded


def labels_of(day: date, sensor_ids: Iterable[int]) -> Labels:
    sensors = list(sensor_ids)
    in_force = Exclusion.objects.filter(Q(last_day__isnull=True) | Q(last_day__gte=day), first_day__lte=day, sensor__in=sensors)
    excluded = frozenset(in_force.values_list("sensor_id", "protocol", "port"))
    generated = frozenset(Sensor.objects.filter(pk__in=sensors, is_scenario=True).values_list("pk", flat=True))
    scenario = (generated, region_map_for(day, is_scenario=True)) if generated else None
    return Labels(day, region_map_for(day), excluded, scenario)
