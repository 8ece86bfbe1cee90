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
from apps.sensors.models import Exclusion


@dataclass(frozen=True)
class Labels:
    """The reference data of one reporting day. `excluded` holds (sensor, protocol, port)."""

    day: date
    regions: RegionMap
    excluded: frozenset[tuple[int, int, int]]

    def add_to(self, frame: Frame) -> None:
        """Set `region`, `scanner` and `excluded` of every row."""
        sources, codes = encode(frame["source"])
        frame["region"] = self.regions.lookup(sources)[codes]
        frame["scanner"] = scanner_mask(sources, self.day)[codes]
        frame["excluded"] = self._is_excluded(frame)

    def _is_excluded(self, frame: Frame) -> NDArray[np.bool_]:
        excluded = np.zeros(len(frame["source"]), np.bool_)
        for sensor, protocol, port in self.excluded:
            excluded |= (frame["sensor"] == sensor) & (frame["protocol"] == protocol) & (frame["port"] == port)
        return excluded


def labels_of(day: date, sensor_ids: Iterable[int]) -> Labels:
    in_force = Exclusion.objects.filter(Q(last_day__isnull=True) | Q(last_day__gte=day), first_day__lte=day, sensor__in=list(sensor_ids))
    return Labels(day, region_map_for(day), frozenset(in_force.values_list("sensor_id", "protocol", "port")))
