"""Figures of sources by reporting day. Sets of sources are kept by these days, so their curves have them in whatever zone a
page's period is."""

from dataclasses import replace

from django.conf import settings

from apps.common.periods import Bin, Period, bins
from apps.observations.figures import Dimension, FigureMeta, Selection, Series, SeriesSet, Unit
from apps.portal.state import View


def in_reporting_zone(view: View, selection: Selection) -> View:
    """The view of a figure of the selection, whose days are those of the reporting zone."""
    period = Period(selection.period.start, selection.period.end, settings.REPORT_TIME_ZONE)
    return replace(view, selection=replace(selection, period=period), unit=Unit.SOURCES, bin=Bin.DAY)


def day_series(view: View, meta: FigureMeta, label: str, values: tuple[float | None, ...], total: int) -> SeriesSet:
    """One curve with a value for each day of the view's period; `total` counts each source once."""
    series = Series("", label, values, float(total))
    meta = replace(meta, period=view.period, zone=view.period.zone.key)
    return SeriesSet(Dimension.NONE, Bin.DAY, tuple(bins(view.period, Bin.DAY)), (series,), meta)
