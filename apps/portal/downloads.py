"""The numbers behind a figure as CSV: links to the API's answer to the same view, and the whole list of sources."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.common.exports import csv_response
from apps.observations import queries
from apps.observations.figures import Dimension
from apps.portal.links import with_query, with_state
from apps.portal.state import View, view_from

SELECTION = ("period", "from", "to", "zone", "sensors", "scanners", "signatures")
MOST_RANKS = 1000
# An API page holds a thousand sources; this file holds all, up to what a spreadsheet opens gladly.
MOST_SOURCES = 100_000
SOURCES_A_TURN = 1000


def series_csv(view: View, split: Dimension, *, top: int = 5) -> str:
    own = {"split": split.value, "bin": view.bin.value, "unit": view.unit.value, "top": str(top)}
    return _api("api:series", view, own)


def ranking_csv(view: View, dimension: Dimension) -> str:
    own = {"dimension": dimension.value, "unit": view.unit.value, "limit": str(MOST_RANKS), "previous": "true"}
    return _api("api:rankings", view, own)


def _api(name: str, view: View, own: dict[str, str]) -> str:
    kept = {name: view.query.get(name, "") for name in SELECTION}
    return with_query(reverse(name), kept | view.filters() | own | {"format": "csv"})


def sources_csv(view: View) -> str:
    return with_state(reverse("portal:csv-sources"), view.query, **view.filters())


def sources_file(request: HttpRequest) -> StreamingHttpResponse:
    """Every source behind a view, most packets first."""
    view = view_from(request)
    header = [_("source IP address"), _("region"), _("packets"), _("first seen (UTC)"), _("last seen (UTC)"), _("sensors"), _("ports")]
    return csv_response("sources", header, _source_lines(view))


def _source_lines(view: View) -> Iterator[list[Any]]:
    cursor, sent = "", 0
    while sent < MOST_SOURCES:
        page = queries.sources(view.selection, cursor, SOURCES_A_TURN)
        for row in page.rows:
            first, last = (at.isoformat() for at in (row.first_seen, row.last_seen))
            yield [row.address, row.region, row.packets, first, last, row.sensors, " ".join(row.ports)]
        sent += len(page.rows)
        if not page.next_cursor:
            return
        cursor = page.next_cursor
