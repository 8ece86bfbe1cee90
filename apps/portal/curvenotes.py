"""What curves of days do, in the words of language.md, and whether ranks stayed: sentences computed from the numbers below."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.analysis import trendwords
from apps.analysis.trendwords import Trend, WeeklyCycle, Word
from apps.common.periods import Bin
from apps.observations.figures import Ranking, Series, SeriesSet
from apps.portal import words
from apps.portal.figures import Note

TOP = 5
WORDS = {
    Word.STEADY: gettext_lazy("%(what)s: steady"),
    Word.SLIGHT_RISE: gettext_lazy("%(what)s: slight rise"),
    Word.SLIGHT_FALL: gettext_lazy("%(what)s: slight fall"),
    Word.RISE: gettext_lazy("%(what)s: rise"),
    Word.FALL: gettext_lazy("%(what)s: fall"),
    Word.SURGE: gettext_lazy("%(what)s: surge"),
    Word.PLUNGE: gettext_lazy("%(what)s: plunge"),
    Word.FLUCTUATING: gettext_lazy("%(what)s: repeated rises and falls"),
    Word.WITHIN_CHANCE: gettext_lazy("%(what)s: change within chance variation"),
}


def curve_notes(found: SeriesSet) -> tuple[Note, ...]:
    """One sentence a curve of days; none for other bins and for curves too short to tell."""
    return tuple(_notes(found)) if found.bin is Bin.DAY else ()


def _notes(found: SeriesSet) -> Iterator[Note]:
    for one in found.series:
        trend = trendwords.trend(one.values)
        if trend.word in WORDS:
            yield Note(_sentence(one, trend, found.starts[0], found.meta.period.zone))


def _sentence(one: Series, trend: Trend, first: datetime, zone: ZoneInfo) -> str:
    text = WORDS[trend.word] % {"what": one.label or _("all")}
    parts = [_ratio(trend.ratio)] if trend.ratio is not None else []
    parts += [_cycle(trend.cycle, first, zone)] if trend.cycle else []
    return _("%(title)s (%(filters)s)") % {"title": text, "filters": _(", ").join(parts)} if parts else text


def _ratio(ratio: float) -> str:
    return _("last ten days %(ratio)s times the first ten") % {"ratio": words.number(ratio)}


def _cycle(cycle: WeeklyCycle, first: datetime, zone: ZoneInfo) -> str:
    monday = first.astimezone(zone).weekday()
    high, low = (str(WEEKDAYS[(monday + day) % 7]) for day in (cycle.high, cycle.low))
    return _("weekly cycle, most on %(high)s, least on %(low)s") % {"high": high, "low": low}


def rank_note(found: Ranking) -> tuple[Note, ...]:
    """Whether the first ranks are those of the period before."""
    rows: Sequence = found.rows[:TOP]
    if len(rows) < TOP or not any(row.previous_rank for row in found.rows):
        return ()
    moved = [_move(row.label, row.previous_rank, row.rank) for row in rows if row.previous_rank != row.rank]
    if not moved:
        return (Note(_("The first %(n)d ranks are those of the previous period.") % {"n": TOP}),)
    return (Note(_("Among the first %(n)d, ranks changed: %(moves)s") % {"n": TOP, "moves": _(", ").join(moved)}),)


def _move(label: str, before: int | None, rank: int) -> str:
    if before is None:
        return _("%(label)s from outside the ranking to %(rank)d") % {"label": label, "rank": rank}
    return _("%(label)s from %(before)d to %(rank)d") % {"label": label, "before": before, "rank": rank}
