"""The numbers behind a figure as CSV: the links that figures carry, and the rows that those links answer with."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.common.exports import csv_response
from apps.observations import params, queries
from apps.observations.figures import Dimension
from apps.portal import words
from apps.portal.links import with_state
from apps.portal.state import View, view_from

MOST_RANKS = 1000
MOST_SOURCES = 100_000
SOURCES_A_TURN = 1000


def series_csv(view: View, split: Dimension, *, top: int = 5) -> str:
    return _link("portal:csv-series", view, {"split": split.value, "top": str(top), "bin": view.bin.value})


def ranking_csv(view: View, dimension: Dimension) -> str:
    return _link("portal:csv-ranking", view, {"dimension": dimension.value, "limit": str(MOST_RANKS)})


def sources_csv(view: View) -> str:
    return _link("portal:csv-sources", view, {})


def _link(name: str, view: View, changes: Mapping[str, str]) -> str:
    return with_state(reverse(name), view.query, **{**view.filters(), **changes})


def series_file(request: HttpRequest) -> StreamingHttpResponse:
    """One line per bin, one column per series; empty where nothing was covered."""
    view = view_from(request, others=("split", "top"))
    split = params.split_from(request.GET)
    found = queries.series(view.selection, split, view.bin, view.unit, params.top_from(request.GET))
    header = [_("bin start (%(zone)s)") % {"zone": view.period.zone.key}, *(one.label or one.key or _("all") for one in found.series)]
    lines = (
        [start.astimezone(view.period.zone).isoformat(), *(one.values[n] for one in found.series)] for n, start in enumerate(found.starts)
    )
    return csv_response(f"series-{split}-{view.unit}", header, lines)


def ranking_file(request: HttpRequest) -> StreamingHttpResponse:
    view = view_from(request, limit=MOST_RANKS, others=("dimension",))
    dimension = params.dimension_from(request.GET)
    found = queries.ranking(view.selection, dimension, view.unit, view.limit, previous=True)
    header = [_("rank"), _("key"), _("label"), str(words.UNITS[view.unit]), _("share"), _("previous rank")]
    header += [_("sensors"), _("share of the largest sensor")]
    lines = (
        [row.rank, row.key, row.label, row.value, row.share, row.previous_rank, row.sensors, row.largest_sensor_share] for row in found.rows
    )
    return csv_response(f"ranking-{dimension}-{view.unit}", header, lines)


def sources_file(request: HttpRequest) -> StreamingHttpResponse:
    view = view_from(request)
    header = [_("source IP address"), _("region"), _("packets"), _("first seen (UTC)"), _("last seen (UTC)"), _("sensors"), _("ports")]
    return csv_response("sources", header, _source_lines(view))


def _source_lines(view: View) -> Iterator[list[Any]]:
    cursor, sent = "", 0
    while sent < MOST_SOURCES:
        page = queries.sources(view.selection, cursor, SOURCES_A_TURN)
        for row in page.rows:
            yield [
                row.address,
                row.region,
                row.packets,
                row.first_seen.isoformat(),
                row.last_seen.isoformat(),
                row.sensors,
                " ".join(row.ports),
            ]
        sent += len(page.rows)
        if not page.next_cursor:
            return
        cursor = page.next_cursor
