"""Small curves inside text: the points of an SVG, worked out here because templates do no arithmetic. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT, EDGE = 180, 36, 2
LEAST_MARK = 5

Values = Sequence[float | None]


@dataclass(frozen=True)
class Sparkline:
    """`lines` are the `points` of polylines, a new one behind each gap, `dots` days between two gaps; `mark_x` and `mark_width` the days
    that are meant. `others` belong to a second curve with a scale of its own."""

    lines: tuple[str, ...]
    dots: tuple[tuple[str, str], ...]
    others: tuple[str, ...]
    mark_x: str
    mark_width: str
    width: int = WIDTH
    height: int = HEIGHT


def sparkline(values: Values, first: date, mark: tuple[date, date], other: Values = ()) -> Sparkline:
    """A curve of days from `first` on, with the days of `mark` (both inclusive) shaded."""
    step = (WIDTH - 2 * EDGE) / max(len(values) - 1, 1)
    begin, end = (min(max((day - first).days, 0), len(values) - 1) for day in mark)
    half = max(step / 2, LEAST_MARK / 2)
    left, right = EDGE + step * begin - half, EDGE + step * end + half
    runs = list(_runs(values, step))
    return Sparkline(
        lines=tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1),
        dots=tuple(run[0] for run in runs if len(run) == 1),
        others=tuple(" ".join(f"{x},{y}" for x, y in run) for run in _runs(other, step) if len(run) > 1),
        mark_x=f"{max(left, 0):.1f}",
        mark_width=f"{min(right, WIDTH) - max(left, 0):.1f}",
    )


def _runs(values: Values, step: float) -> Iterator[list[tuple[str, str]]]:
    """Points of the days between gaps; zero lies on the ground, the largest value at the top."""
    largest = max((value for value in values if value is not None), default=0) or 1
    run: list[tuple[str, str]] = []
    for position, value in enumerate(values):
        if value is None:
            if run:
                yield run
            run = []
        else:
            run.append((f"{EDGE + step * position:.1f}", f"{HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * value / largest:.1f}"))
    if run:
        yield run
