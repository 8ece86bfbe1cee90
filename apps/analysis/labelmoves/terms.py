"""The three terms of a change. Pure arithmetic on whole numbers and fractions, so that they add up exactly."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from apps.analysis.labelmoves.figures import Terms


@dataclass(frozen=True)
class Tally:
    """Packets counted in one region during one period, as tables of sensors × days; two that are compared have the same
    sensors in the same order."""

    own: NDArray[np.int64]  # by the map of each day: what figures show
    fixed: NDArray[np.int64]  # by one map, that of the first day of the period before
    covered: NDArray[np.bool_]

    @property
    def watching(self) -> NDArray[np.bool_]:
        """Which sensors covered at least one day."""
        days: NDArray[np.int64] = self.covered.sum(axis=1)
        return days > 0


def of_packets(before: Tally, after: Tally) -> Terms:
    """Of periods of equal length. The n-th days face each other: what two covered sensor-days differ by is traffic, what
    differs where one or both were not covered is owed to sensors."""
    labels = int((after.own - after.fixed).sum() - (before.own - before.fixed).sum())
    change = after.fixed - before.fixed
    common = before.covered & after.covered
    sensors, traffic = int(change[~common].sum()), int(change[common].sum())
    return Terms(*map(Fraction, (int(before.own.sum()), int(after.own.sum()), labels, sensors, traffic)))


def of_means(before: Tally, after: Tally) -> Terms | None:
    """Of packets per covered sensor-day. Traffic is the mean change of the sensors that watched in both periods, each
    with its own mean; the rest of the change under one map comes from which sensors watched how often. None where
    nobody watched in one of the periods."""
    if not (before.covered.any() and after.covered.any()):
        return None
    own = [_mean(tally.own, tally.covered) for tally in (before, after)]
    fixed = [_mean(tally.fixed, tally.covered) for tally in (before, after)]
    traffic = _mean_change(before, after)
    labels = (own[1] - fixed[1]) - (own[0] - fixed[0])
    return Terms(own[0], own[1], labels, fixed[1] - fixed[0] - traffic, traffic)


def _mean(packets: NDArray[np.int64], covered: NDArray[np.bool_]) -> Fraction:
    return Fraction(int(packets[covered].sum()), int(covered.sum()))


def _mean_change(before: Tally, after: Tally) -> Fraction:
    """Zero where no sensor watched in both periods."""
    common = np.flatnonzero(before.watching & after.watching)
    changes = [_mean(after.fixed[n], after.covered[n]) - _mean(before.fixed[n], before.covered[n]) for n in common]
    return sum(changes, Fraction(0)) / (len(changes) or 1)
