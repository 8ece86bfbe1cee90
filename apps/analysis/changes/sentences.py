"""A change in words, from its numbers alone, in the active language: what happened, never why (language.md)."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.utils import formats
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.analysis.changes.single import OTHER_SENSORS
from apps.analysis.changes.standings import LAST_RANK
from apps.analysis.models import Change, ChangeKind
from apps.common.ports import TCP, UDP, PortKey
from apps.reference.names import port_label, region_label

SHARP = 2.0  # a step to so many times as much, or to its inverse, is a surge or plunge
MOST_REGIONS = 6
Numbers = dict[str, Any]


def sentence(change: Change) -> str:
    """One or two sentences that stand by themselves."""
    return _SENTENCES[ChangeKind(change.kind)](change, change.numbers)


def label(change: Change) -> str:
    """The port, region or pair as figures name it."""
    return _(" and ").join(label_of(change.dimension, key) for key in change.subject.split(","))


def basis(numbers: Mapping[str, Any]) -> tuple[str, ...]:
    """What a change rests on: sources, sensors, and the largest sensor's share where it is told; () where the sentence says it."""
    if "seen_by" not in numbers:
        return ()
    counts = (
        ngettext("%(count)s source", "%(count)s sources", numbers["sources"]) % {"count": number(numbers["sources"])},
        ngettext("%(count)d sensor", "%(count)d sensors", numbers["seen_by"]) % {"count": numbers["seen_by"]},
    )
    largest = (_("largest sensor: %(share)s") % {"share": percent(numbers["largest_share"])},) if "largest_share" in numbers else ()
    return counts + largest


# One sentence a kind


def _spike(change: Change, numbers: Numbers) -> str:
    words = {"day": day(numbers["peak"]), "what": _packets(change), "value": number(numbers["value"]), "usual": number(numbers["usual"])}
    if not numbers["factor"]:
        return _("On %(day)s, %(what)s were observed, %(value)s per sensor; usually there are none.") % words
    text = _("On %(day)s, %(what)s surged to %(value)s per sensor, %(factor)s times the usual %(usual)s.")
    return text % (words | {"factor": number(numbers["factor"])})


def _step(change: Change, numbers: Numbers) -> str:
    words = {
        "day": day(str(change.first)),
        "what": _packets(change),
        "before": number(numbers["before"]),
        "after": number(numbers["after"]),
    }
    factor = numbers["factor"]
    if change.direction > 0:
        is_sharp, texts = not factor or factor >= SHARP, (
            _("Around %(day)s, %(what)s surged from %(before)s to %(after)s per sensor and day (medians of up to two weeks)."),
            _("Around %(day)s, %(what)s rose from %(before)s to %(after)s per sensor and day (medians of up to two weeks)."),
        )  # fmt: skip
    else:
        is_sharp, texts = factor <= 1 / SHARP, (
            _("Around %(day)s, %(what)s plunged from %(before)s to %(after)s per sensor and day (medians of up to two weeks)."),
            _("Around %(day)s, %(what)s fell from %(before)s to %(after)s per sensor and day (medians of up to two weeks)."),
        )  # fmt: skip
    return texts[0 if is_sharp else 1] % words + _other_sensors(numbers)


def _other_sensors(numbers: Numbers) -> str:
    before, after = numbers["sensors_before"], numbers["sensors_after"]
    if abs(after - before) <= OTHER_SENSORS * before:
        return ""
    return " " + _("Covered sensors: %(before)d before, %(after)d after.") % {"before": before, "after": after}


def _trend(change: Change, numbers: Numbers) -> str:
    rises = _("%(what)s rose slowly over eight weeks: the 10-day mean per sensor went from %(start)s to %(end)s (%(factor)s times).")
    falls = _("%(what)s fell slowly over eight weeks: the 10-day mean per sensor went from %(start)s to %(end)s (%(factor)s times).")
    words = {"start": number(numbers["start"]), "end": number(numbers["end"]), "factor": number(numbers["factor"])}
    return _begun((rises if change.direction > 0 else falls) % ({"what": _packets(change)} | words))


def _weekly_cycle(change: Change, numbers: Numbers) -> str:
    text = _("%(what)s rise and fall in a weekly cycle: most on %(high)s, least on %(low)s; the most is %(amplitude)s more than the least.")
    high, low = (str(WEEKDAYS[numbers[name]]) for name in ("high", "low"))
    return _begun(text % {"what": _packets(change), "high": high, "low": low, "amplitude": percent(numbers["amplitude"])})


def _new_in_top(change: Change, numbers: Numbers) -> str:
    ports = _("%(label)s is new among the top 10 destination ports: rank %(rank)d in the seven days to %(day)s; %(before)s.")
    regions = _("%(label)s is new among the top 10 source regions: rank %(rank)d in the seven days to %(day)s; %(before)s.")
    return (ports if change.dimension == "port" else regions) % _rank_words(change, numbers)


def _rank_jump(change: Change, numbers: Numbers) -> str:
    ports = _("%(label)s climbed to rank %(rank)d of the destination ports in the seven days to %(day)s; %(before)s.")
    regions = _("%(label)s climbed to rank %(rank)d of the source regions in the seven days to %(day)s; %(before)s.")
    return (ports if change.dimension == "port" else regions) % _rank_words(change, numbers)


def _rank_words(change: Change, numbers: Numbers) -> Numbers:
    if not numbers["value_before"]:
        before = _("not observed in the four weeks before")
    elif numbers["before"] is None:
        before = _("outside the top %(n)d in the four weeks before") % {"n": LAST_RANK}
    else:
        before = _("at best rank %(rank)d in the four weeks before") % {"rank": numbers["before"]}
    return {"label": label(change), "rank": numbers["rank"], "day": day(numbers["week_ends"]), "before": before}


def _bumps(change: Change, numbers: Numbers) -> str:
    rows = numbers["rows"]
    peaks = [
        _("%(region)s (peak around %(day)s)") % {"region": region_label(row["region"]), "day": day(row["peak"])}
        for row in rows[:MOST_REGIONS]
    ]
    if len(rows) > MOST_REGIONS:
        peaks.append(_("%(count)d more") % {"count": len(rows) - MOST_REGIONS})
    text = _("Behind %(what)s are temporary rises of %(count)d regions at different times: %(peaks)s.")
    words = {"what": _packets(change), "count": len(rows), "peaks": _(", ").join(peaks)}
    return text % words + " " + _explained(numbers["explained"])


def _explained(share: float) -> str:
    if share >= 1:  # other regions sent less meanwhile
        return _("Together they make all that exceeds the usual level.")
    return _("Together they make %(share)s of what exceeds the usual level.") % {"share": percent(share)}


def _overlap(change: Change, numbers: Numbers) -> str:
    first, second = (label_of("port", key) for key in change.subject.split(","))
    text = _(
        "Of the %(count)s sources that sent to %(second)s in the seven days to %(day)s, "
        "%(both)s (%(share)s) sent to %(first)s, too."
    )  # fmt: skip
    return text % {"count": number(numbers["sources"][1]), "second": second, "first": first, "day": day(str(change.last)),
                   "both": number(numbers["both"]), "share": percent(numbers["contained"])}  # fmt: skip


def _correlation(change: Change, numbers: Numbers) -> str:
    first, second = (label_of("port", key) for key in change.subject.split(","))
    text = _("Packets to %(first)s and to %(second)s change together (r = %(r)s over %(n)d days; %(lag)s).")
    return text % {"first": first, "second": second, "r": number(numbers["r"]), "n": numbers["n"], "lag": _lag(numbers["lag"])}


def _lag(lag: int) -> str:
    if not lag:
        return _("on the same days")
    return ngettext("the second %(count)d day later", "the second %(count)d days later", lag) % {"count": lag} if lag > 0 else (
        ngettext("the second %(count)d day earlier", "the second %(count)d days earlier", -lag) % {"count": -lag}
    )  # fmt: skip


def _no_correlation(change: Change, numbers: Numbers) -> str:
    first, second = (label_of("port", key) for key in change.subject.split(","))
    text = _("No correlation was found between packets to %(first)s and to %(second)s (r = %(r)s over %(n)d days).")
    return text % {"first": first, "second": second, "r": number(numbers["r"]), "n": numbers["n"]}


_SENTENCES: dict[ChangeKind, Callable[[Change, Numbers], str]] = {
    ChangeKind.SPIKE: _spike,
    ChangeKind.STEP: _step,
    ChangeKind.TREND: _trend,
    ChangeKind.WEEKLY_CYCLE: _weekly_cycle,
    ChangeKind.NEW_IN_TOP: _new_in_top,
    ChangeKind.RANK_JUMP: _rank_jump,
    ChangeKind.BUMPS: _bumps,
    ChangeKind.OVERLAP: _overlap,
    ChangeKind.CORRELATION: _correlation,
    ChangeKind.NO_CORRELATION: _no_correlation,
}


# Words of a sentence


def label_of(dimension: str, key: str) -> str:
    """A port or region as people read it."""
    return port_label(PortKey.parse(key)) if dimension == "port" else region_label(key)


def _packets(change: Change) -> str:
    if change.dimension == "port":
        has_port = PortKey.parse(change.subject).protocol in (TCP, UDP)
        return (_("packets to %(port)s") if has_port else _("%(port)s packets")) % {"port": label(change)}
    return _("packets from %(region)s") % {"region": label(change)}


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def day(text: str) -> str:
    return formats.date_format(date.fromisoformat(text), "DATE_FORMAT")


def number(value: float | None) -> str:
    """1811 → 1,811; 3.333 → 3.33; None → –."""
    if value is None:
        return "–"
    places = 0 if float(value).is_integer() or abs(value) >= 100 else 2 if abs(value) < 10 else 1
    return formats.number_format(round(value, places), places, force_grouping=True)


def percent(share: float | None) -> str:
    return "–" if share is None else f"{formats.number_format(round(share * 100, 1), 1)} %"
