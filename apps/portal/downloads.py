"""The numbers behind a figure as CSV: links to the API's answer to the same view, and the whole list of sources."""

import re
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.common.exports import csv_response
from apps.observations import queries
from apps.observations.figures import Dimension, SourcePage
from apps.observations.models import Signature
from apps.portal.figures import Figure
from apps.portal.links import with_query, with_state
from apps.portal.state import OF_SOURCES, View, view_from

SELECTION = ("period", "from", "to", "zone", "sensors", "fixed", "scanners", "signatures")
MOST_RANKS = 1000
# An API page holds a thousand sources; this file holds all, up to what a spreadsheet opens gladly.
MOST_SOURCES = 100_000
SOURCES_A_TURN = 1000


def series_csv(view: View, split: Dimension, *, top: int = 5, mean: int = 0) -> str:
    own = {"split": split.value, "bin": view.bin.value, "unit": view.unit.value, "top": str(top)}
    return _api("api:series", view, own | {"mean": str(mean or ""), "compare": view.against or ""})


def profile_csv(view: View, split: Dimension, *, top: int) -> str:
    return _api("api:profile", view, {"split": split.value, "unit": view.unit.value, "top": str(top)})


def matrix_csv(view: View, rows: Dimension, columns: Dimension, sides: tuple[int, int]) -> str:
    """`sides` are the numbers of rows and of columns."""
    own = {"rows": rows.value, "columns": columns.value, "top_rows": str(sides[0]), "top_columns": str(sides[1])}
    return _api("api:matrix", view, own | {"unit": view.unit.value})


def signature_names(view: View) -> str:
    """Every signature, also those that figures leave out unless they are asked for."""
    return view.query.get("signatures") or ",".join(signature.label for signature in Signature)


def signatures_csv(view: View) -> str:
    own = {"split": Dimension.SIGNATURE.value, "bin": view.bin.value, "unit": view.unit.value}
    return _api("api:series", view, own | {"signatures": signature_names(view)})


def ranking_csv(view: View, dimension: Dimension) -> str:
    own = {"dimension": dimension.value, "unit": view.unit.value, "limit": str(MOST_RANKS), "previous": "true"}
    return _api("api:rankings", view, own)


def _api(name: str, view: View, own: dict[str, str]) -> str:
    kept = {name: view.query.get(name, "") for name in SELECTION}
    return with_query(reverse(name), kept | view.filters() | own | {"format": "csv"})


def sources_csv(view: View) -> str:
    return with_state(reverse("portal:csv-sources"), view.query, **view.filters())


def figure_file(name: str, figure: Figure) -> StreamingHttpResponse:
    """The table behind a figure that the API has no single answer for; gaps are empty cells."""
    header = [_("Begins"), *(column.label for column in figure.columns)]
    columns = [[_whole(value) for value in series["values"]] for series in figure.data["series"]]
    return csv_response(name, header, zip(figure.data["labels"], *columns, strict=True))


def _whole(value: float | None) -> float | None:
    """3.0 → 3, so that counts stay counts in a spreadsheet."""
    return int(value) if value is not None and float(value).is_integer() else value


def sources_file(request: HttpRequest) -> StreamingHttpResponse:
    """Every source behind a view, most packets first."""
    view = view_from(request, others=OF_SOURCES)
    first = queries.sources(view.selection, "", SOURCES_A_TURN)  # what cannot be answered must fail before the answer begins
    header = [_("source IP address"), _("region"), _("packets"), _("first seen (UTC)"), _("last seen (UTC)"), _("sensors"), _("ports")]
    filters = [text for text in view.filters().values() if text]
    return csv_response(ascii_name("sources", *filters), header, _source_lines(view, first))


def ascii_name(*parts: str) -> str:
    """tcp/445,tcp/23 → tcp-445-tcp-23: for headers, which hold ASCII alone."""
    return re.sub(r"[^0-9A-Za-z]+", "-", "-".join(parts))[:100].strip("-")


def _source_lines(view: View, page: SourcePage) -> Iterator[list[Any]]:
    sent = 0
    while True:
        for row in page.rows:
            first, last = (at.isoformat() for at in (row.first_seen, row.last_seen))
            yield [row.address, row.region, row.packets, first, last, row.sensors, " ".join(row.ports)]
        sent += len(page.rows)
        if not page.next_cursor or sent >= MOST_SOURCES:
            return
        page = queries.sources(view.selection, page.next_cursor, SOURCES_A_TURN)
