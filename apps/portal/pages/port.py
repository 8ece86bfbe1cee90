"""One port: what is it, and who sends to it?"""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from apps.common.ports import PortKey
from apps.observations import queries
from apps.observations.figures import Dimension, Freshness, SeriesSet
from apps.portal.downloads import signature_names, signatures_csv
from apps.portal.figures import Figure, series_figure
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.pages.crowds import Later, crowds_later
from apps.portal.pages.notes import Notes, notes_on
from apps.portal.pages.parts import TOP, Split, split_of, trend_of
from apps.portal.pages.porthours import port_hours_later
from apps.portal.shares import ShareTable, share_table, signature_label
from apps.portal.state import View
from apps.portal.summary import Fact, facts_of, with_every_signature
from apps.portal.tables import RankTable
from apps.reference.names import port_label, port_name


@dataclass(frozen=True)
class PortPage:
    key: str
    label: str
    name: str
    filters: FilterBar
    freshness: Freshness
    facts: tuple[Fact, ...]
    trend: Figure
    by_region: Figure | None  # None where one region is chosen: it would repeat the trend
    regions: RankTable | None
    by_signature: Figure | None  # None where there is but one
    signatures: ShareTable
    notes: Notes
    hours: Later | None  # None where the period is too long for a profile
    sources_url: str
    crowds: tuple[Later, ...]


def port_page(view: View, key: PortKey) -> PortPage:
    label = port_label(key)
    facts, trend, regions, signatures = queries.together(
        lambda: facts_of(str(key), Dimension.PORT, view),
        lambda: trend_of(view, str(key), label, _("Trend of %(port)s") % {"port": label}),
        lambda: _regions(view, label),
        lambda: queries.series(with_every_signature(view.selection), Dimension.SIGNATURE, view.bin, view.unit, TOP),
    )
    return PortPage(
        key=str(key),
        label=label,
        name=port_name(key),
        filters=filter_bar(view, with_bins=True),
        freshness=view.freshness,
        facts=facts,
        trend=trend.figure,
        by_region=regions.figure,
        regions=regions.table,
        by_signature=_by_signature(signatures, view, label),
        signatures=share_table(signatures, view, title=_("Signatures")),
        notes=notes_on([key], [], view.selection.definitions_day, view.user),
        hours=port_hours_later(view, key),
        sources_url=view.sources_url(),
        crowds=crowds_later(view),
    )


def _regions(view: View, label: str) -> Split:
    return split_of(
        view,
        Dimension.REGION,
        id="region",
        title=_("%(port)s by source region") % {"port": label},
        table_title=_("Source regions of %(port)s") % {"port": label},
    )


def _by_signature(found: SeriesSet, view: View, label: str) -> Figure | None:
    seen = tuple(replace(one, label=signature_label(one.key)) for one in found.series if one.total)
    if len(seen) < 2:
        return None
    title = _("%(port)s by signature") % {"port": label}
    chosen = {"signatures": signature_names(view)}
    return series_figure(replace(found, series=seen), view, id="by-signature", title=title, csv_url=signatures_csv(view), explorer=chosen)
