"""The explorer's own part of the filter bar: what is split, drawn and measured, with suggestions for typing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.analysis.ratios import RatioName
from apps.common.ports import PortKey
from apps.observations.figures import Dimension, Origin
from apps.observations.models import Signature
from apps.observations.params import SERIES_SPLITS
from apps.portal import words
from apps.portal.colours import KNOWN_KEYS
from apps.portal.explorer.question import MEAN_DAYS, ChartKind, Question
from apps.portal.explorer.titles import CHARTS, SPLITS
from apps.portal.filters import Choice
from apps.portal.state import View
from apps.reference import portgroups
from apps.reference.names import port_label, region_codes, region_label

# Parameters that the form shows, so that the filter bar does not carry them along unseen.
SHOWN = ("ports", "groups", "regions", "origin", "signatures", "split", "top", "chart", "mean", "ratio", "day", "ending")
TOPS = (1, 3, 5, 7, 9, 10, 11, 15, 20, 30, 50)
RATIOS = {
    RatioName.END_START: gettext_lazy("end/start"),
    RatioName.AFTER_BEFORE: gettext_lazy("after/before"),
    RatioName.DAY_BASELINE: gettext_lazy("day/baseline"),
}


@dataclass(frozen=True)
class Suggestion:
    value: str
    label: str


@dataclass(frozen=True)
class ExplorerForm:
    """`ports` holds single ports and groups alike."""

    ports: str
    port_suggestions: tuple[Suggestion, ...]
    regions: str
    region_suggestions: tuple[Suggestion, ...]
    origins: tuple[Choice, ...]
    signatures: tuple[Choice, ...]
    splits: tuple[Choice, ...]
    tops: tuple[Choice, ...]
    charts: tuple[Choice, ...]
    has_mean: bool
    mean: int
    ratios: tuple[Choice, ...]
    day: str
    ending: str


def explorer_form(view: View, question: Question) -> ExplorerForm:
    chosen = view.selection
    return ExplorerForm(
        ports=", ".join([*map(str, chosen.ports), *chosen.groups]),
        port_suggestions=tuple(_port_suggestions(view)),
        regions=", ".join(chosen.regions),
        region_suggestions=tuple(Suggestion(code, region_label(code)) for code in region_codes()),
        origins=tuple(_origins(view)),
        signatures=tuple(_signatures(view)),
        splits=tuple(_splits(view, question)),
        tops=tuple(_tops(question.top)),
        charts=tuple(Choice(chart, str(CHARTS[chart]), chart is question.chart) for chart in ChartKind),
        has_mean=bool(question.mean),
        mean=question.mean or MEAN_DAYS,
        ratios=tuple(_ratios(question)),
        day=view.query.get("day") or "",
        ending=view.query.get("ending") or "",
    )


def _port_suggestions(view: View) -> Iterator[Suggestion]:
    for group in portgroups.groups_on(view.selection.definitions_day):
        yield Suggestion(group.slug, group.name)
    for key in KNOWN_KEYS:
        if "/" in key:
            yield Suggestion(key, port_label(PortKey.parse(key)))


def _origins(view: View) -> Iterator[Choice]:
    yield Choice("", _("all sources"), view.selection.origin is None)
    for origin in (Origin.DOMESTIC, Origin.FOREIGN):
        yield Choice(origin, str(words.ORIGINS[origin]), view.selection.origin is origin)


def _signatures(view: View) -> Iterator[Choice]:
    chosen = view.query.get("signatures") or ""
    yield Choice("", _("all that count"), not chosen)
    for signature in Signature:
        yield Choice(signature.label, str(words.SIGNATURES[signature]), chosen == signature.label)
    if "," in chosen:
        yield Choice(chosen, _("chosen signatures (%(count)d)") % {"count": len(view.selection.signatures)}, True)


def _splits(view: View, question: Question) -> Iterator[Choice]:
    yield Choice("", _("no split"), question.split is Dimension.NONE)
    for split in _possible(view):
        yield Choice(split, str(SPLITS[split]), split is question.split)


def _possible(view: View) -> Iterable[Dimension]:
    """Readers of sums alone do not see single sensors."""
    hidden = {Dimension.NONE} | ({Dimension.SENSOR} if view.selection.scope.is_aggregate_only else set())
    return (split for split in SERIES_SPLITS if split not in hidden)


def _tops(top: int) -> Iterator[Choice]:
    for number in sorted({*TOPS, top}):
        yield Choice(str(number), str(number), number == top)


def _ratios(question: Question) -> Iterator[Choice]:
    yield Choice("", _("nothing"), question.ratio is None)
    for name, label in RATIOS.items():
        yield Choice(name, str(label), question.ratio is not None and name is question.ratio.name)
