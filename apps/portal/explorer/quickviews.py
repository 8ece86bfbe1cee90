"""Ready-made questions: the figures of published monitoring reports, each for the period and the sensors now chosen."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.portal.explorer.question import NAMES
from apps.portal.state import NARROWING, View

_PER_SENSOR = {"unit": "packets_per_sensor_day"}


@dataclass(frozen=True)
class QuickView:
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class QuickViews:
    title: str
    views: tuple[QuickView, ...]


# (title, ((label, parameters), …)); what a view does not name is at its default.
_GROUPS: tuple[tuple[str, tuple[tuple[str, dict[str, str]], ...]], ...] = (
    (
        gettext_noop("Trends"),
        (
            (gettext_noop("Top 5 ports"), {"split": "port", "top": "5"}),
            (gettext_noop("Top 5 source regions"), {"split": "region", "top": "5"}),
            (gettext_noop("Ranking of ports"), {"split": "port", "top": "10", "chart": "table"}),
            (gettext_noop("Ranking of source regions"), {"split": "region", "top": "10", "chart": "table"}),
            (gettext_noop("Regions side by side"), {"split": "region", "top": "11", "chart": "multiples"}),
            (gettext_noop("Mirai-type packets by region"), {"split": "region", "top": "11", "chart": "multiples", "signatures": "mirai"}),
            (gettext_noop("Packets per source"), {"unit": "packets_per_source"}),
        ),
    ),
    (
        gettext_noop("Ratios"),
        (
            (gettext_noop("End against start, by region"), {"split": "region", "top": "5", "mean": "10", "ratio": "end_start"}),
            (gettext_noop("End against start, by port"), {"split": "port", "top": "5", "mean": "10", "ratio": "end_start"}),
            (gettext_noop("Previous period"), {"mean": "10", "compare": "previous"}),
            (gettext_noop("A year earlier"), {"mean": "10", "compare": "year"}),
        ),
    ),
    (
        gettext_noop("Shares"),
        (
            (gettext_noop("Packets by port kind"), {"split": "kind", "top": "9", "chart": "share"}),
            (gettext_noop("Sources by port kind"), {"split": "kind", "top": "9", "chart": "share", "unit": "sources"}),
            (gettext_noop("Packets by source region"), {"split": "region", "top": "9", "chart": "share"}),
            (gettext_noop("Sources by source region"), {"split": "region", "top": "9", "chart": "share", "unit": "sources"}),
            (gettext_noop("Packets a day by port kind"), {"split": "kind", "top": "9", "chart": "stacked"}),
            (gettext_noop("Ports by source region"), {"split": "kind", "top": "15", "chart": "heat"}),
            (gettext_noop("Hours of the day by port kind"), {"split": "kind", "top": "5", "chart": "profile"}),
        ),
    ),
    (
        gettext_noop("Domestic and foreign"),
        (
            (gettext_noop("Domestic and overseas sensors"), {"split": "panel"} | _PER_SENSOR),
            (gettext_noop("Domestic and foreign sources"), {"split": "origin", "chart": "share"}),
            (gettext_noop("Domestic sources by port"), {"split": "port", "origin": "domestic"}),
            (gettext_noop("102x/103x UDP by region"), {"split": "region", "groups": "messenger-udp", "chart": "stacked"}),
        ),
    ),
)
_SET = (*sorted(NAMES), *NARROWING, "unit", "bin", "scale", "compare", "previous", "signatures")


def quick_views(view: View) -> tuple[QuickViews, ...]:
    return tuple(QuickViews(_(title), tuple(_quick(view, label, own) for label, own in views)) for title, views in _GROUPS)


def _quick(view: View, label: str, own: Mapping[str, str]) -> QuickView:
    """Period and sensors stay; all else is as the view says."""
    wanted = {name: own.get(name, "") for name in _SET}
    return QuickView(_(label), view.url_here(**wanted), all(view.query.get(name, "") == value for name, value in wanted.items()))
