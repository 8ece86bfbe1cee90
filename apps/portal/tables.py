"""Rankings ready to show: rank, change of rank, value, share and how many sensors it rests on."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.observations.figures import Dimension, Ranking, RankRow
from apps.observations.params import MAX_TOP
from apps.portal import captions, words
from apps.portal.colours import Colour, colour_of
from apps.portal.figures import explorer_url
from apps.portal.keylinks import filters_of, key_url
from apps.portal.state import View

# A row that rests on one sensor for so large a part is marked: it may be that sensor's own story.
NARROW_SHARE = 0.9


@dataclass(frozen=True)
class RankLine:
    rank: int
    key: str
    label: str
    url: str
    colour: Colour
    value: str
    share: str
    bar: str  # length in percent of the longest, for an SVG attribute
    previous_rank: str
    change: str
    change_kind: str  # up, down, same, new
    sensors: int
    largest_share: str
    is_narrow: bool
    value_url: str  # this page narrowed to the key; '' where it is no page about something else


@dataclass(frozen=True)
class RankTable:
    id: str
    title: str
    key_heading: str
    unit: str
    lines: tuple[RankLine, ...]
    total: str
    caption: tuple[str, ...]
    csv_url: str
    more_url: str
    has_previous: bool
    previous_text: str
    shows_sensors: bool
    explorer_url: str

    @property
    def file_name(self) -> str:
        return captions.file_name(self.title)


HEADINGS: dict[Dimension, Callable[[], str]] = {
    Dimension.PORT: lambda: _("Destination port"),
    Dimension.REGION: lambda: _("Source region"),
    Dimension.SENSOR: lambda: _("Sensor"),
    Dimension.SIGNATURE: lambda: _("Signature"),
    Dimension.KIND: lambda: _("Destination port or group"),
    Dimension.ORIGIN: lambda: _("Origin of the sources"),
    Dimension.PANEL: lambda: _("Side of the network"),
}


def rank_table(
    found: Ranking, view: View, *, id: str, title: str, csv_url: str = "", more_url: str = "", can_narrow: bool = False
) -> RankTable:
    """`can_narrow`: the page is about something else, and has curves of it together with one key of the table."""
    has_previous = knows_previous(found)
    longest = max((row.value for row in found.rows), default=0) or 1
    return RankTable(
        id=id,
        title=captions.full_title(title, view),
        key_heading=HEADINGS[found.dimension](),
        unit=str(words.SHORT_UNITS[found.meta.unit]),
        lines=tuple(
            _line(row, found.dimension, view, longest, has_previous, found.meta.sensor_count > 1, can_narrow) for row in found.rows
        ),
        total=words.number(found.total),
        caption=captions.caption(found.meta),
        csv_url=csv_url,
        more_url=more_url,
        has_previous=has_previous,
        previous_text=words.period(found.previous_period) if found.previous_period else "",
        shows_sensors=found.dimension is not Dimension.SENSOR,
        explorer_url=explorer_url(view, found.dimension, min(len(found.rows), MAX_TOP), "table"),
    )


def knows_previous(found: Ranking) -> bool:
    """Whether anything at all was observed in the previous period; if not, not everything is new."""
    return found.previous_period is not None and found.has_previous


def notes_on_sensors(found: Ranking) -> dict[str, str]:
    """A remark on every key that rests on one sensor, for the curves of the same selection."""
    if found.meta.sensor_count < 2:
        return {}
    told = [row for row in found.rows if row.largest_sensor_share is not None]
    notes = {row.key: _("almost all from one sensor") for row in told if (row.largest_sensor_share or 0) > NARROW_SHARE}
    return notes | {row.key: _("one sensor only") for row in told if row.sensors == 1}


def _line(
    row: RankRow, dimension: Dimension, view: View, longest: float, has_previous: bool, has_several: bool, can_narrow: bool
) -> RankLine:
    kind, change = change_of_rank(row) if has_previous else ("", "")
    narrowing = filters_of(dimension, row.key, view) if can_narrow else None
    return RankLine(
        rank=row.rank,
        key=row.key,
        label=row.label,
        url=key_url(dimension, row.key, view),
        colour=colour_of(row.key),
        value=words.number(row.value),
        share=words.percent(row.share),
        bar=f"{100 * row.value / longest:.1f}",
        previous_rank=str(row.previous_rank or ""),
        change=change,
        change_kind=kind,
        sensors=row.sensors,
        largest_share=words.percent(row.largest_sensor_share),
        is_narrow=has_several and (row.largest_sensor_share or 0) > NARROW_SHARE,
        value_url=view.url_here(**narrowing) if narrowing else "",
    )


def change_of_rank(row: RankRow) -> tuple[str, str]:
    """What happened to the rank since the previous period, as (kind, text)."""
    if row.previous_rank is None:
        return "new", _("new")
    moved = row.previous_rank - row.rank
    if not moved:
        return "same", "→"
    return ("up", f"↑ {moved}") if moved > 0 else ("down", f"↓ {-moved}")
