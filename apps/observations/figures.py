"""What is asked of the counts and what comes back: plain values shared by pages, API, commands and the planner."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from apps.common.periods import Bin, Period, local_day
from apps.common.ports import PortKey
from apps.common.sourcekeys import Prefix
from apps.observations.models import Signature
from apps.sensors.scopes import SensorScope


class Unit(StrEnum):
    """The five units of a figure, each with one definition (observation.md row 40, T05's 1,811, 404 and 4.48)."""

    PACKETS = "packets"
    SOURCES = "sources"  # distinct over period and selection, IPv6 by /64
    PACKETS_PER_SENSOR_DAY = "packets_per_sensor_day"  # Σ packets of covered sensor-days ÷ covered sensor-days
    SOURCES_PER_SENSOR_DAY = "sources_per_sensor_day"  # Σ distinct sources of each covered sensor-day ÷ covered sensor-days
    PACKETS_PER_SOURCE = "packets_per_source"


class Scanners(StrEnum):
    """What to do with known survey scanners (dated lists)."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    ONLY = "only"


class Dimension(StrEnum):
    """By what numbers are told apart. The three derived ones sort the keys of another into a few (planning/derived.py)."""

    PORT = "port"
    REGION = "region"
    SENSOR = "sensor"
    SIGNATURE = "signature"
    KIND = "kind"  # destination ports, those of a named group together as `group:<slug>`
    ORIGIN = "origin"  # source regions as `domestic`, `foreign`, `unknown`
    PANEL = "panel"  # sensors as `domestic`, `overseas`
    NONE = "none"


class Origin(StrEnum):
    """Where sources are, seen from HOME_REGION. Nobody knows of `unknown` ones (ZZ) whether they are foreign."""

    DOMESTIC = "domestic"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


class Against(StrEnum):
    """What a period is compared with."""

    PREVIOUS = "previous"  # Period.previous
    YEAR = "year"  # Period.year_before


@dataclass(frozen=True)
class Selection:
    """What a figure is about. Empty filters select everything; empty `signatures` selects the counted ones. A port passes
    that is in `ports` or in one of `groups`; a region that is in `regions` and of the `origin`."""

    scope: SensorScope
    period: Period
    ports: tuple[PortKey, ...] = ()
    regions: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()
    scanners: Scanners = Scanners.INCLUDE
    groups: tuple[str, ...] = ()  # slugs of named port groups
    origin: Origin | None = None
    fixed_panel: bool = False  # `scope` holds sensors that watched throughout, and no other
    prefix: Prefix | None = None  # sources with an address in it; what segments alone tell apart
    groups_on: date | None = None  # the day whose definitions of port groups hold; by default the period's last

    @property
    def definitions_day(self) -> date:
        """The day whose definitions of port groups hold for the whole figure."""
        return self.groups_on or local_day(self.period.end - timedelta(microseconds=1), self.period.zone)

    def during(self, period: Period) -> "Selection":
        """The same in another period; groups of ports are what they are in this one, so that both can be compared."""
        return replace(self, period=period, groups_on=self.definitions_day)

    def against(self, other: Against) -> "Selection":
        """The same in the period it is compared with."""
        return self.during(self.period.previous() if other is Against.PREVIOUS else self.period.year_before())


@dataclass(frozen=True)
class Freshness:
    """`newest` is the end of the newest rolled-up reporting day with data in scope; `stale_days` still wait for rollup."""

    newest: datetime | None
    rolled_at: datetime | None
    stale_days: int


@dataclass(frozen=True)
class DatedList:
    """A list of survey scanners that was in force on some day of a period."""

    name: str
    date: date


@dataclass(frozen=True)
class ExcludedPort:
    """A port of some sensor in scope that is kept out of the counts on days of a period; last_day None: until lifted."""

    port: PortKey
    first_day: date
    last_day: date | None


@dataclass(frozen=True)
class FigureMeta:
    """What every figure prints beside its numbers."""

    unit: Unit
    denominator: int | None  # covered sensor-days for the per-sensor-day units
    sensor_count: int
    sensor_set: str
    zone: str
    period: Period
    freshness: Freshness
    region_as_of: date | None
    region_is_older_than_snapshot: bool  # the oldest snapshot had to serve days before it
    missing_days: tuple[date, ...] = ()  # days of the period on which no sensor in scope was covered
    partial_days: tuple[date, ...] = ()  # days on which some sensors or hours were not
    filters: dict[str, str] = field(default_factory=dict)
    days: int = 0  # reporting days that the period touches
    scanner_lists: tuple[DatedList, ...] = ()  # that say who is a survey scanner, where the figure leaves some out
    exclusions: tuple[ExcludedPort, ...] = ()  # that the period, sensors and ports touch


@dataclass(frozen=True)
class RankRow:
    """One line of a ranking. Equal values share a rank. `previous_rank` is the true number in the previous period's
    full ranking, None where the key did not occur there. Key: `tcp/23`, `JP`, a sensor's id."""

    rank: int
    key: str
    label: str
    value: float
    share: float | None  # of the filtered total; None for ratios, which do not add up
    previous_rank: int | None
    previous_value: float | None
    sensors: int
    largest_sensor_share: float | None


@dataclass(frozen=True)
class Ranking:
    dimension: Dimension
    rows: tuple[RankRow, ...]
    total: float
    previous_period: Period | None
    meta: FigureMeta
    has_previous: bool = False  # whether anything at all was observed in the previous period


@dataclass(frozen=True)
class Series:
    key: str
    label: str
    values: tuple[float | None, ...]  # one per bin; None = not covered, 0 = covered and nothing seen
    total: float


@dataclass(frozen=True)
class SeriesSet:
    split: Dimension
    bin: Bin
    starts: tuple[datetime, ...]
    series: tuple[Series, ...]
    meta: FigureMeta


@dataclass(frozen=True)
class SourceRow:
    """One source address behind a view. `address` as text; an IPv6 source is its /64 prefix. Seen to the minute;
    `ports` are the busiest ten of `port_count`; `region` is that of the newest packet; `asn` that of the period's last day
    by the tables of routes, several joined by _, '' where there is none."""

    address: str
    packets: int
    first_seen: datetime
    last_seen: datetime
    sensors: int
    ports: tuple[str, ...]
    port_count: int
    region: str
    asn: str = ""


@dataclass(frozen=True)
class SourcePage:
    rows: tuple[SourceRow, ...]
    next_cursor: str | None
    total_sources: int
    meta: FigureMeta


@dataclass(frozen=True)
class HistoryCell:
    """What one source sent to one port on one day (of the period's zone)."""

    day: date
    port: str
    packets: int


@dataclass(frozen=True)
class SourceHistory:
    """One source over a period: `sensors` is a number only, which sensors saw it is nobody's business outside."""

    address: str
    packets: int
    first_seen: datetime | None
    last_seen: datetime | None
    sensors: int
    ports: tuple[tuple[str, int], ...]  # (port, packets), busiest first
    signatures: tuple[tuple[str, int], ...]  # (signature, packets), busiest first
    regions: tuple[tuple[date, str], ...]  # (first day, region): a further entry wherever the region changed
    cells: tuple[HistoryCell, ...]
    meta: FigureMeta


@dataclass(frozen=True)
class Coverage:
    """Who was watching during a period. A sensor-day is covered when at least five sixths of its hours are."""

    covered_sensor_days: int
    sensor_days: int  # sensors in scope and active × days
    missing_days: tuple[date, ...]
    partial_days: tuple[date, ...]


@dataclass(frozen=True)
class Usual:
    """The last full day beside the median of the 28 days before it; None where there is no covered day to tell."""

    unit: Unit
    day: date | None
    value: float | None
    usual: float | None
    days: int  # covered days that the median is taken of

    @property
    def ratio(self) -> float | None:
        return self.value / self.usual if self.value is not None and self.usual else None
