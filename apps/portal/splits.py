"""The split of a region's change, ready to show: the terms as a waterfall, the moved sources in sentences, the blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from apps.analysis.labelmoves.figures import LabelMoves, MovedBlock, Terms
from apps.portal import captions, words
from apps.portal.state import View
from apps.reference.names import region_label

# From this part of the larger value on a region's curve tells more of files than of traffic.
LARGE = 0.1
HUES = {"before": 7, "labels": 3, "sensors": 5, "traffic": 0, "after": 7}


@dataclass(frozen=True)
class TermLine:
    key: str
    label: str
    value: str
    share: str  # of the total change
    hint: str


@dataclass(frozen=True)
class SplitFigure:
    """The terms as a waterfall; `lines` are the table, which stands beside the chart."""

    id: str
    title: str
    axis: str
    lines: tuple[TermLine, ...]
    caption: tuple[str, ...]
    csv_url: str
    data: dict[str, Any]

    @property
    def data_id(self) -> str:
        return f"{self.id}-data"

    @property
    def file_name(self) -> str:
        return captions.file_name(self.title)


@dataclass(frozen=True)
class BlockLine:
    name: str
    old: str
    new: str
    since: str
    registry: str
    numbers: tuple[str, ...]  # packets before and after, sources before and after, what it adds to the term


def is_large(found: LabelMoves) -> bool:
    return abs(found.labels_share or 0) >= LARGE


def split_figure(found: LabelMoves, terms: Terms, view: View, csv_url: str) -> SplitFigure:
    """`terms` are those of `found`; `csv_url` gives them as a file."""
    label, unit = region_label(found.region), str(words.UNITS[found.unit])
    lines = tuple(_lines(terms))
    return SplitFigure(
        id="split",
        title=captions.full_title(_("Change of %(region)s by cause") % {"region": label}, view),
        axis=unit,
        lines=lines,
        caption=(
            _("Before: %(period)s") % {"period": words.period(found.before)},
            *captions.caption(found.meta),
            _("Sensors covered: %(before)d before, %(after)d after, %(both)d in both")
            % {"before": found.sensors_before, "after": found.sensors_after, "both": found.sensors_common},
        ),
        csv_url=csv_url,
        data=_data(terms, lines, unit),
    )


def _lines(terms: Terms) -> Iterator[TermLine]:
    hints = {
        "labels": _("address blocks that changed their region in the RIR delegation data"),
        "sensors": _("sensors added, lost or without data"),
        "traffic": _("the same sensors, the same region data"),
    }
    names = {"labels": _("change of registered region"), "sensors": _("change of sensors"), "traffic": _("change of traffic")}
    yield TermLine("before", _("period before"), words.number(float(terms.before)), "", "")
    for key, name in names.items():
        value = getattr(terms, key)
        yield TermLine(key, name, signed(value), words.percent(float(value / terms.total)) if terms.total else "–", hints[key])
    yield TermLine("after", _("period after"), words.number(float(terms.after)), "", "")


def signed(value: Fraction) -> str:
    """+12, −3.5, 0."""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{words.number(abs(float(value)))}"


def _data(terms: Terms, lines: tuple[TermLine, ...], unit: str) -> dict[str, Any]:
    steps = [terms.before, terms.before + terms.labels, terms.before + terms.labels + terms.sensors, terms.after]
    spans = [(Fraction(0), terms.before), *zip(steps, steps[1:], strict=False), (Fraction(0), terms.after)]
    return {
        "axis": unit,
        "labels": [line.label for line in lines],
        "texts": [line.value for line in lines],
        "spans": [[float(start), float(end)] for start, end in spans],
        "hues": list(HUES.values()),
        "series": [],
    }


def about_sources(found: LabelMoves) -> Iterator[str]:
    """How many sources moved, in sentences."""
    label, sources = region_label(found.region), found.sources
    left = _(
        "Of %(all)s sources counted in %(region)s before, %(moved)s (%(share)s) are registered in another region at the end of the period."
    )
    yield left % _moved(label, sources.before, sources.left, sources.left_share)
    joined = _("Of %(all)s sources counted in %(region)s after, %(moved)s (%(share)s) were registered in another region before.")
    yield joined % _moved(label, sources.after, sources.joined, sources.joined_share)
    yield _("Numbers of sources are no sum of terms: one source may be seen by old and new sensors and under both regions.")


def _moved(label: str, every: int, moved: int, share: float | None) -> dict[str, str]:
    return {"all": words.number(every), "region": label, "moved": words.number(moved), "share": words.percent(share)}


def block_line(block: MovedBlock) -> BlockLine:
    numbers = (block.packets_before, block.packets_after, block.sources_before, block.sources_after)
    return BlockLine(
        name=block.prefix or f"{block.first} – {block.last}",
        old=region_label(block.old),
        new=region_label(block.new),
        since=words.day(block.since) if block.since else "–",
        registry=block.registry,
        numbers=(*map(words.number, numbers), signed(Fraction(block.labels))),
    )


def about_blocks(found: LabelMoves) -> str:
    if not found.block_count:
        return _("No block left or joined the region.")
    text = _("%(count)s blocks moved, %(unseen)s of them without packets; the %(shown)s with the most packets are listed.")
    values = (found.block_count, found.unseen_blocks, len(found.blocks))
    note = text % dict(zip(("count", "unseen", "shown"), map(words.number, values), strict=True))
    if not found.other_labels:
        return note
    return f"{note} " + _("Moves there and back within the periods: %(packets)s packets.") % {
        "packets": signed(Fraction(found.other_labels))
    }


def term_rows(found: LabelMoves) -> tuple[list[str], list[list[object]]]:
    """Header and lines of the terms as a file, numbers as they are; no lines where there is no split."""
    header = [_("Part"), str(words.UNITS[found.unit])]
    terms = found.terms
    if terms is None:
        return header, []
    return header, [[line.label, float(getattr(terms, line.key))] for line in _lines(terms)]
