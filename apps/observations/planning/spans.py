"""Cutting a period into the pieces in which counts are kept: whole months, then whole days, then hours. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apps.common.periods import Period, add_months, day_start, local_day
from apps.observations.models import Grain


@dataclass(frozen=True)
class Piece:
    """One stored bin of the grain that begins at `start` (UTC), and the number of the asked bin it lies in."""

    grain: Grain
    start: datetime
    end: datetime
    bin: int

    @property
    def is_stored(self) -> bool:
        """False for the part of a clock hour that is left where a day of the reporting zone begins within it."""
        return self.grain is not Grain.HOUR or not (self.start.minute or self.end.minute)


def edges(period: Period, starts: Sequence[datetime]) -> list[tuple[datetime, datetime]]:
    """The bins [start, end) that begin at `starts`, the first and last cut to the period."""
    ends = [*starts[1:], period.end]
    return [(max(start, period.start), min(end, period.end)) for start, end in zip(starts, ends, strict=True)]


def cut(spans: Sequence[tuple[datetime, datetime]], zone: ZoneInfo, closed_months: Collection[date]) -> list[Piece]:
    """Pieces that together are exactly the spans. `zone` is the reporting zone, whose days and months are kept;
    `closed_months` are the first days of the months that have month rows."""
    return list(_cut(tuple(spans), zone, frozenset(closed_months)))


def may_hold_months(spans: Sequence[tuple[datetime, datetime]]) -> bool:
    return any((end - start).days >= 28 for start, end in spans)


@lru_cache(maxsize=256)  # the figures of a page ask about the same few periods and bins
def _cut(spans: tuple[tuple[datetime, datetime], ...], zone: ZoneInfo, closed_months: frozenset[date]) -> tuple[Piece, ...]:
    return tuple(piece for number, (start, end) in enumerate(spans) for piece in _pieces(start, end, number, zone, closed_months))


def _pieces(start: datetime, end: datetime, number: int, zone: ZoneInfo, closed_months: Collection[date]) -> Iterator[Piece]:
    while start < end:
        grain, after = _largest(start, end, zone, closed_months)
        yield Piece(grain, start, after, number)
        start = after


def _largest(start: datetime, end: datetime, zone: ZoneInfo, closed_months: Collection[date]) -> tuple[Grain, datetime]:
    day = local_day(start, zone)
    if start == day_start(day, zone):
        if day in closed_months and (after := day_start(add_months(day, 1), zone)) <= end:
            return Grain.MONTH, after
        if (after := day_start(day + timedelta(days=1), zone)) <= end:
            return Grain.DAY, after
    return Grain.HOUR, min(start.replace(minute=0) + timedelta(hours=1), end)


def runs_of(pieces: Sequence[Piece]) -> list[tuple[Grain, datetime, datetime]]:
    """Neighbouring pieces of one grain as one stretch of time."""
    runs: list[tuple[Grain, datetime, datetime]] = []
    for piece in pieces:
        if runs and runs[-1][0] is piece.grain and runs[-1][2] == piece.start:
            runs[-1] = (piece.grain, runs[-1][1], piece.end)
        else:
            runs.append((piece.grain, piece.start, piece.end))
    return runs
