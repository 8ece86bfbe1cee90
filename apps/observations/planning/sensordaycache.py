"""Sensor-days kept in the process: every figure rests on them, and those of a year of a hundred sensors take longer to read and put
together than all else that a remembered answer needs. Known by the stamps of their months and the spans in which sensors are active."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from apps.observations.planning.watch import SensorDays

TOTAL_DAYS = 1_000_000  # sensor-days, some 35 bytes each


class Kept(NamedTuple):
    state: Hashable  # what they were made of
    days: "SensorDays"


_kept: OrderedDict[Hashable, Kept] = OrderedDict()
_lock = Lock()


def find(key: Hashable) -> Kept | None:
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def keep(key: Hashable, kept: Kept) -> None:
    """In place of what was kept under the key; others go when there are too many, those first that nobody has wanted for longest."""
    with _lock:
        _kept[key] = kept
        _kept.move_to_end(key)
        while sum(len(one.days.sensor) for one in _kept.values()) > TOTAL_DAYS and len(_kept) > 1:
            _kept.popitem(last=False)


def forget() -> None:
    """Keep nothing any more, as a process that has just started."""
    with _lock:
        _kept.clear()
