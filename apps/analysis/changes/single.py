"""Findings about one port or region: what the detectors see in its curve, in words of `Finding`."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from apps.analysis import trendwords
from apps.analysis.changes import spikes, standings, steps, trends
from apps.analysis.changes.curves import Curves, drawn
from apps.analysis.changes.findings import Finding, score_of
from apps.analysis.models import ChangeKind

RECENT = 7  # days whose spikes and ranks are told
STEP_DAYS = 28  # as long as its levels are still being learnt, a step is looked at again
CYCLE_KEYS = 10
CYCLE_WEIGHT = 0.6  # that weeks show is no news
OTHER_SENSORS = 0.1  # part of the covered sensors by which their number may differ on both sides of a step
NEAR_STEP = 3  # days: a spike that begins here is the beginning of a new level


def findings(table: Curves) -> list[Finding]:
    """Everything that can be told of each curve of the table on its last day."""
    found = [*_ranks(table)]
    for row in range(len(table.keys)):
        levels = list(_steps(table, row))
        begins = [step.first for step in levels if step.direction > 0]
        found += levels
        found += [spike for spike in _spikes(table, row) if all(abs((spike.first - day).days) > NEAR_STEP for day in begins)]
        found += _trend(table, row)
    found += [cycle for row in range(min(CYCLE_KEYS, len(table.keys))) for cycle in _cycle(table, row)]
    return [_with_curve(finding, table) for finding in found]


def _spikes(table: Curves, row: int) -> Iterator[Finding]:
    for spike in spikes.spikes(table.values[row], table.sensors, table.total, len(table.total) - 2 * RECENT):
        if spike.last < len(table.total) - RECENT:
            continue
        numbers = {"value": spike.value, "usual": spike.usual, "factor": spike.factor, "z": spike.z, "peak": str(table.day(spike.peak))}
        yield _finding(ChangeKind.SPIKE, table, row, 1, spike.first, spike.last, spike.factor, spike.value, numbers)


def _steps(table: Curves, row: int) -> Iterator[Finding]:
    for step in steps.steps(table.values[row], table.sensors):
        if step.day < len(table.total) - STEP_DAYS:
            continue
        before, after = (
            int(np.median(days)) for days in np.split(table.sensors[max(0, step.day - 14) : step.day + 14], [min(14, step.day)])
        )
        numbers = {"before": step.before, "after": step.after, "factor": step.factor, "sensors_before": before, "sensors_after": after}
        level = max(step.before, step.after)
        found = _finding(ChangeKind.STEP, table, row, step.direction, step.day, step.day, step.factor, level, numbers)
        # With other sensors the level is another; the sentence then says how many there were.
        yield found if abs(after - before) <= OTHER_SENSORS * before else replace(found, score=round(0.5 * found.score, 1))


def _trend(table: Curves, row: int) -> Iterator[Finding]:
    trend = trends.slow_trend(table.values[row], table.sensors)
    if trend:
        numbers = {"start": trend.start, "end": trend.end, "factor": trend.factor, "weekly": trend.weekly, "p": trend.p}
        last, level = len(table.total) - 1, max(trend.start, trend.end)
        yield _finding(ChangeKind.TREND, table, row, trend.direction, last - trends.DAYS + 1, last, trend.factor, level, numbers)


def _cycle(table: Curves, row: int) -> Iterator[Finding]:
    curve, last = table.values[row], len(table.total) - 1
    first = last - trends.DAYS + 1
    level = float(np.nanmedian(curve[first:])) if not np.isnan(curve[first:]).all() else 0.0
    cycle = trendwords.weekly_cycle(curve[first:])
    if cycle and level * np.median(table.sensors) >= trends.LEAST_PACKETS:
        monday = table.day(first).weekday()
        high, low = ((monday + day) % 7 for day in (cycle.high, cycle.low))
        numbers = {"high": high, "low": low, "amplitude": cycle.amplitude, "share": cycle.share, "level": level}
        found = _finding(ChangeKind.WEEKLY_CYCLE, table, row, 0, first, last, 1 + cycle.amplitude, level, numbers)
        yield replace(found, score=round(CYCLE_WEIGHT * found.score, 1))


def _ranks(table: Curves) -> Iterator[Finding]:
    """Newcomers and climbers of the recent days; days in a row are one finding, told as of its best rank."""
    asked: tuple[tuple[ChangeKind, Callable[..., list[standings.Standing]]], ...] = (
        (ChangeKind.NEW_IN_TOP, standings.newcomers),
        (ChangeKind.RANK_JUMP, standings.climbers),
    )
    for kind, ask in asked:
        runs: dict[int, list[standings.Standing]] = {}
        for day in range(len(table.total) - RECENT, len(table.total)):
            for one in ask(table.values, table.sensors, day):
                runs.setdefault(one.key, []).append(one)
        for row, run in runs.items():
            best = min(run, key=lambda one: (one.rank, one.day))
            numbers = {"rank": best.rank, "before": best.before, "value": best.value, "value_before": best.value_before,
                       "factor": best.factor, "week_ends": str(table.day(best.day))}  # fmt: skip
            yield _finding(kind, table, row, 1, run[0].day, run[-1].day, best.factor, best.value, numbers)


def _finding(
    kind: ChangeKind,
    table: Curves,
    row: int,
    direction: int,
    first: int,
    last: int,
    factor: float | None,
    level: float,
    numbers: dict[str, Any],
) -> Finding:
    share = table.share(level)
    return Finding(
        kind, table.dimension.value, table.keys[row], direction, table.day(first), table.day(last), score_of(factor, share),
        numbers | {"of_all": share},
    )  # fmt: skip


def _with_curve(finding: Finding, table: Curves) -> Finding:
    values = table.values[table.keys.index(finding.subject)]
    return replace(finding, numbers=finding.numbers | {"curve": drawn(table.first, values)})
