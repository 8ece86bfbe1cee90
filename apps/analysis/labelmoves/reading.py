"""What came from a region and from the blocks that moved, read from segments under both labels."""

from dataclasses import dataclass, replace

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.analysis.labelmoves.terms import Tally
from apps.observations.figures import Selection
from apps.observations.planning import segmentreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.spans import cut
from apps.observations.planning.watch import SensorDays
from apps.observations.storage.columns import Frame
from apps.reference.intervals import merged
from apps.reference.regions import RegionMap, Steps


@dataclass(frozen=True)
class Labels:
    """A region by three labels: the one each row was counted under, and the maps of the first and of the last day."""

    code: int
    before: Steps  # of booleans: whether a key lies in the region
    after: Steps

    @classmethod
    def of(cls, code: int, before: RegionMap, after: RegionMap) -> "Labels":
        flags = (Steps(*merged(side.regions.bounds, side.regions.values == code)) for side in (before, after))
        return cls(code, *flags)

    def concern(self, frame: Frame) -> NDArray[np.bool_]:
        """Which rows are in the region by any of the labels."""
        chosen: NDArray[np.bool_] = (frame["region"] == self.code) | self.before.at(frame["source"]) | self.after.at(frame["source"])
        return chosen


@dataclass(frozen=True)
class Seen:
    """Rows of one period (sensor, day, source, packets, …) with whether each is in the region by each label."""

    rows: Frame
    own: NDArray[np.bool_]
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]

    @property
    def labels(self) -> NDArray[np.int64]:
        """Of each row, what it is more in the region by its own day's map than by the map of before."""
        surplus = self.own.astype(np.int64) - self.before.astype(np.int64)
        packets: NDArray[np.int64] = surplus * self.rows["packets"]
        return packets

    def sources(self, chosen: NDArray[np.bool_]) -> int:
        return len(np.unique(self.rows["source"][chosen]))


def seen(selection: Selection, labels: Labels) -> Seen:
    """All rows of the period that any label puts in the region."""
    ask = Ask(replace(selection, regions=()))
    rows = segmentreads.rows(ask, cut(ask.spans, settings.REPORT_TIME_ZONE, ()), labels.concern)
    return Seen(rows, rows["region"] == labels.code, labels.before.at(rows["source"]), labels.after.at(rows["source"]))


def tally(found: Seen, days: SensorDays) -> Tally:
    """Tables of all sensors × all days of the period, sensors ascending."""
    sensors, every = np.unique(days.sensor), np.unique(days.day)
    covered = np.zeros((len(sensors), len(every)), np.bool_)
    covered[np.searchsorted(sensors, days.sensor), np.searchsorted(every, days.day)] = days.is_covered
    cell = np.searchsorted(sensors, found.rows["sensor"]) * len(every) + np.searchsorted(every, found.rows["day"])

    def table(chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        sums = np.zeros(covered.size, np.int64)
        np.add.at(sums, cell[chosen], found.rows["packets"][chosen])
        return sums.reshape(covered.shape)

    return Tally(table(found.own), table(found.before), covered)
