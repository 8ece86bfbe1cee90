"""Curves beside what they are measured by: their own trailing mean, and the same keys in another period."""

from dataclasses import dataclass

from apps.analysis.smoothing import moving_mean
from apps.common.periods import Bin
from apps.observations import queries
from apps.observations.figures import Against, Dimension, Selection, Series, SeriesSet, Unit


@dataclass(frozen=True)
class Curve(Series):
    """`mean` is the trailing mean over as many bins as asked for, None where no mean was."""

    mean: tuple[float | None, ...] | None = None


@dataclass(frozen=True)
class Curves:
    """`means` has one tuple a series of `main`, of trailing means over `mean` bins, or is empty. `compared` holds the keys of
    `main` in their order, over a period of its own whose bins are counted from its begin."""

    main: SeriesSet
    mean: int
    means: tuple[tuple[float | None, ...], ...]
    against: Against | None
    compared: SeriesSet | None

    @property
    def series(self) -> tuple[Curve, ...]:
        """The series of `main`, each with its mean."""
        means = self.means or (None,) * len(self.main.series)
        return tuple(Curve(one.key, one.label, one.values, one.total, mean) for one, mean in zip(self.main.series, means, strict=True))


def curves(
    selection: Selection,
    split: Dimension = Dimension.NONE,
    bin: Bin = Bin.DAY,
    unit: Unit = Unit.PACKETS,
    top: int = 5,
    mean: int = 0,
    against: Against | None = None,
) -> Curves:
    """Series as `queries.series` gives them; `mean` 0 and `against` None leave the rest out."""
    with queries.reading():
        main = queries.series(selection, split, bin, unit, top)
        compared = _compared(main, selection.against(against), split, bin, unit) if against else None
    means = tuple(moving_mean(one.values, mean) for one in main.series) if mean else ()
    return Curves(main, mean, means, against, compared)


def _compared(main: SeriesSet, selection: Selection, split: Dimension, bin: Bin, unit: Unit) -> SeriesSet:
    keys = [one.key for one in main.series]
    return queries.series(selection, split, bin, unit, len(keys), keys)
