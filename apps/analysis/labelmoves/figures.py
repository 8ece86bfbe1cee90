"""What the split of a region's change holds: plain values shared by page and API."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from apps.common.periods import Period
from apps.observations.figures import FigureMeta, Unit

UNITS = (Unit.PACKETS, Unit.PACKETS_PER_SENSOR_DAY)  # those whose terms add up


@dataclass(frozen=True)
class Terms:
    """A change as the sum of three: before + labels + sensors + traffic == after, exactly."""

    before: Fraction
    after: Fraction
    labels: Fraction
    sensors: Fraction
    traffic: Fraction

    @property
    def total(self) -> Fraction:
        return self.after - self.before


@dataclass(frozen=True)
class MovedSources:
    """Distinct sources (IPv6 by /64). Counts, not a term: one source may be seen by sensors of both kinds and on days of
    both maps, so numbers of sources do not add up to a change."""

    before: int  # counted in the region in the period before
    left: int  # of them, registered in another region at the end of the period after
    after: int  # counted in the region in the period after
    joined: int  # of them, registered in another region at the begin of the period before

    @property
    def left_share(self) -> float | None:
        return self.left / self.before if self.before else None

    @property
    def joined_share(self) -> float | None:
        return self.joined / self.after if self.after else None


@dataclass(frozen=True)
class MovedBlock:
    """A range registered in one region at the begin of the period before and in another at the end of the period after.
    Packets and sources are all that came from it, under whatever label; `labels` is what it adds to that term."""

    first: str
    last: str
    prefix: str  # '' where the range is no single prefix
    old: str
    new: str
    since: date | None  # the first snapshot that shows it
    registry: str
    packets_before: int
    packets_after: int
    sources_before: int
    sources_after: int
    labels: int


@dataclass(frozen=True)
class LabelMoves:
    """`terms` is None where the unit has no value in one of the periods: nobody watched."""

    region: str
    unit: Unit
    before: Period
    after: Period
    map_before: date | None  # newest snapshot in the map of the first day of before
    map_after: date | None  # and of the last day of after
    terms: Terms | None
    sources: MovedSources
    blocks: tuple[MovedBlock, ...]  # most packets first
    block_count: int  # all that moved, also those beyond the limit
    unseen_blocks: int  # of them, those from which nothing came
    other_labels: int  # packets of the term that lie in no block: moves there and back within the periods
    sensors_before: int  # covered ones
    sensors_after: int
    sensors_common: int
    meta: FigureMeta
    meta_before: FigureMeta

    @property
    def labels_share(self) -> float | None:
        """The part of labels in the larger of both values: how misleading the curve is."""
        if self.terms is None or not max(self.terms.before, self.terms.after):
            return None
        return float(self.terms.labels / max(self.terms.before, self.terms.after))
