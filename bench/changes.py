"""Recall and false alarms of the detectors of notable changes on synthetic curves with known events.

    python -m bench.changes [--curves 400] [--seed 1]

Curves are 91 days of counts: a level between 20 and 5,000 packets a day, some with a weekly cycle, day-to-day noise that
remembers itself and has wild days, 3 % gaps, and counting (Poisson) on top. One half gets an event, the other none.
"""

import argparse
import os
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DAYS, WEEK = 91, 7
SENSORS = np.full(DAYS, 10.0)


class World:
    """Curves of mean packets per sensor and day, from one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def levels(self, *, cyclic: bool | None = None, least: float = 20.0) -> Floats:
        """Expected packets of each day over all sensors."""
        rng = self.rng
        noise = np.zeros(DAYS)
        for day in range(1, DAYS):
            noise[day] = 0.5 * noise[day - 1] + rng.normal(0, 0.15)
        has_cycle = rng.random() < 0.3 if cyclic is None else cyclic
        cycle = rng.uniform(0.25, 0.5) * np.sin(2 * np.pi * (np.arange(DAYS) + rng.integers(7)) / 7) if has_cycle else 0.0
        wild = np.where(rng.random(DAYS) < 0.01, rng.uniform(1.3, 1.8, DAYS), 1.0)
        return np.exp(rng.uniform(np.log(least), np.log(5000)) + noise + cycle) * wild

    def counted(self, levels: Floats) -> Floats:
        curve = self.rng.poisson(levels) / SENSORS
        curve[self.rng.random(DAYS) < 0.03] = np.nan
        return curve


def spike(world: World, levels: Floats) -> tuple[Floats, int]:
    day = int(world.rng.integers(DAYS - WEEK, DAYS))
    levels[day] *= world.rng.uniform(4, 10)
    return levels, day


def step(world: World, levels: Floats) -> tuple[Floats, int]:
    day = int(world.rng.integers(DAYS - 35, DAYS - 10))
    levels[day:] *= world.rng.uniform(2, 4) ** world.rng.choice([-1, 1])
    return levels, day


def slow_trend(world: World, levels: Floats) -> tuple[Floats, int]:
    factor = world.rng.uniform(1.8, 3) ** world.rng.choice([-1, 1])
    return levels * factor ** (np.clip(np.arange(DAYS) - DAYS + 56, 0, None) / 56), DAYS - 56


def bump(world: World, levels: Floats) -> tuple[Floats, int]:
    day = int(world.rng.integers(20, DAYS - 30))
    shape = np.exp(-0.5 * ((np.arange(DAYS) - day) / world.rng.uniform(2.5, 5)) ** 2)
    return levels * (1 + world.rng.uniform(2, 6) * shape), day


def ask_spikes(curve: Floats, total: Floats) -> list[int]:
    from apps.analysis.changes.spikes import spikes

    return [found.peak for found in spikes(curve, SENSORS, total, DAYS - WEEK)]


def ask_steps(curve: Floats, total: Floats) -> list[int]:
    from apps.analysis.changes.steps import steps

    return [found.day for found in steps(curve, SENSORS) if found.day >= DAYS - 35]


def ask_trends(curve: Floats, total: Floats) -> list[int]:
    from apps.analysis.changes.trends import slow_trend

    return [DAYS - 56] if slow_trend(curve, SENSORS) else []


def ask_bumps(curve: Floats, total: Floats) -> list[int]:
    from apps.analysis.changes.bumps import bump_of

    found = bump_of(curve, 10.0)
    return [round(found.centre)] if found else []


def ask_cycles(curve: Floats, total: Floats) -> list[int]:
    from apps.analysis.trendwords import weekly_cycle

    return [0] if weekly_cycle(curve[-56:]) else []


# name → (inject, ask, days by which the answer may be off, weeks that one question looks at)
KINDS: dict[str, tuple[Callable[[World, Floats], tuple[Floats, int]] | None, Callable[[Floats, Floats], list[int]], int, float]] = {
    "spike": (spike, ask_spikes, 0, 1),
    "step": (step, ask_steps, 5, 4),
    "slow trend": (slow_trend, ask_trends, 0, 8),
    "bump": (bump, ask_bumps, 4, 13),
    "weekly cycle": (None, ask_cycles, 0, 8),
}


def measure(kind: str, curves: int, seed: int) -> tuple[float, float, float]:
    """(recall, median error in days, false alarms per curve and week)."""
    inject, ask, tolerance, weeks = KINDS[kind]
    world, hits, alarms = World(seed), 0, 0
    errors: list[int] = []
    for _number in range(curves):
        levels = world.levels(cyclic=True if inject is None else None)
        levels, day = inject(world, levels) if inject else (levels, 0)
        distances = [abs(found - day) for found in ask(world.counted(levels), np.full(DAYS, 3000.0))]
        if distances and min(distances) <= tolerance:
            hits, errors = hits + 1, [*errors, min(distances)]
        quiet = world.levels(cyclic=False if inject is None else None)
        alarms += len(ask(world.counted(quiet), np.full(DAYS, 3000.0)))
    return hits / curves, float(np.median(errors)) if errors else float("nan"), alarms / curves / weeks


def ranks(tables: int, seed: int) -> tuple[float, float]:
    """(recall of newcomers to the top 10, false alarms per table of forty curves and week): the fortieth of the level takes the
    level of the fifth in its last week."""
    from apps.analysis.changes.standings import climbers, newcomers

    world, hits, alarms = World(seed), 0, 0
    for _number in range(tables):
        levels = [rank_levels(world, n) for n in range(40)]
        quiet = np.array([world.counted(level) for level in levels])
        alarms += len(newcomers(quiet, SENSORS, DAYS - 1)) + len(climbers(quiet, SENSORS, DAYS - 1))
        levels[39][-WEEK:] *= 5000 / 5 / (5000 / 40)
        rows = np.array([world.counted(level) for level in levels])
        hits += any(found.key == 39 for found in newcomers(rows, SENSORS, DAYS - 1))
    return hits / tables, alarms / tables


def rank_levels(world: World, n: int) -> Floats:
    """The curve of rank n + 1: packets fall with the rank as they do in traffic, 5,000 ÷ rank."""
    levels = world.levels(cyclic=False)
    scaled: Floats = levels / np.median(levels) * 5000 / (n + 1)
    return scaled


def correlations(pairs: int, seed: int) -> tuple[float, float, float]:
    """(recall of a bump that both curves have, median error of its lag, part of unrelated pairs that are called correlated)."""
    from apps.analysis.correlation import lagged

    world, hits, alarms = World(seed), 0, 0
    errors: list[int] = []
    for _number in range(pairs):
        alarms += lagged(world.counted(world.levels()), world.counted(world.levels())).is_significant
        shape, lag = world.rng.uniform(2, 6) * np.exp(-0.5 * ((np.arange(DAYS) - 45) / 4) ** 2), int(world.rng.integers(-7, 8))
        first, second = world.levels(least=200) * (1 + shape), world.levels(least=200) * (1 + np.roll(shape, lag))
        found = lagged(world.counted(first), world.counted(second))
        hits, errors = hits + found.is_significant, [*errors, abs(found.best_lag - lag)]
    return hits / pairs, float(np.median(errors)), alarms / pairs


def tiny(curves: int, seed: int) -> dict[str, int]:
    """Alarms of curves that are nothing but counting: Poisson with a mean of 0 to 8 packets a day."""
    rng = np.random.default_rng(seed)
    counts = [rng.poisson(rng.uniform(0, 8), DAYS) / SENSORS for _number in range(curves)]
    return {name: sum(len(ask(curve, np.full(DAYS, 3000.0))) for curve in counts) for name, (_in, ask, _off, _weeks) in KINDS.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--curves", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsubame_portal.settings")
    print("| kind | recall | error, median days | false alarms per curve and week | of tiny counts |\n|---|---|---|---|---|")
    small = tiny(options.curves, options.seed)
    for kind in KINDS:
        recall, error, alarms = measure(kind, options.curves, options.seed)
        print(f"| {kind} | {recall:.1%} | {error:.0f} | {alarms:.4f} | {small[kind]} of {options.curves} |")
    recall, alarms = ranks(options.curves // 10, options.seed)
    print(f"| new in the top 10 | {recall:.1%} | | {alarms / 40:.4f} | |")
    recall, error, alarms = correlations(options.curves, options.seed)
    print(f"| correlation | {recall:.1%} | {error:.0f} | {alarms:.1%} of unrelated pairs | |")


if __name__ == "__main__":
    main()
