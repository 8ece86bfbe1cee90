"""The source addresses behind a view, and the history of one of them. Both are answered from segments."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from apps.common import regions, sourcekeys
from apps.common.errors import ParameterError
from apps.common.periods import Period, local_day
from apps.observations.figures import Dimension, HistoryCell, Selection, SourceHistory, SourcePage, SourceRow, Unit
from apps.observations.models import Signature
from apps.observations.planning import segmentreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.captions import context_of
from apps.observations.planning.keys import text_of
from apps.observations.planning.keysets import are_in
from apps.observations.planning.spans import cut
from apps.observations.storage.cells import encode, group
from apps.observations.storage.columns import Frame, length, take
from apps.observations.storage.sourcesets import Keys
from apps.reference.routing import asn_texts
from apps.sensors.scopes import SensorScope

SHOWN_PORTS = 10
Position = tuple[int, int]  # packets, source key


def sources(selection: Selection, cursor: str, limit: int, among: Keys | None) -> SourcePage:
    """See queries.sources."""
    require_addresses(selection.scope)
    after = _position(cursor) if cursor else None
    context = context_of(selection)
    rows = _rows(Ask(selection), among)
    totals = _totals(rows)
    first = _start(totals, after)
    page = {name: column[first : first + limit] for name, column in totals.items()}
    return SourcePage(
        rows=_source_rows(rows, page, _asns(selection, page["source"])),
        next_cursor=_cursor(page) if first + limit < len(totals["source"]) else None,
        total_sources=len(totals["source"]),
        meta=context.meta(Unit.PACKETS),
    )


def require_addresses(scope: SensorScope) -> None:
    if scope.is_aggregate_only:
        raise ParameterError("sensors", _("source addresses are shown for your own sensors only; choose them"))


def _rows(ask: Ask, among: Keys | None) -> Frame:
    keep = (lambda part: are_in(part["source"], among)) if among is not None else None
    return segmentreads.rows(ask, cut(ask.spans, settings.REPORT_TIME_ZONE, ()), keep)


def _totals(rows: Frame) -> Frame:
    """source, packets: most packets first, then by address."""
    groups = group(rows["source"])
    source, packets = groups.first(rows["source"]), groups.sum(rows["packets"])
    order = np.lexsort((source, -packets))
    return {"source": source[order], "packets": packets[order]}


def _start(totals: Frame, after: Position | None) -> int:
    """Where the page begins: behind the given place in the order, whether or not that very source is still there."""
    if after is None:
        return 0
    packets, source = after
    ahead = (totals["packets"] > packets) | ((totals["packets"] == packets) & (totals["source"] <= np.uint64(source)))
    return int(ahead.sum())


def _asns(selection: Selection, keys: Keys) -> list[str]:
    """By the tables of routes of the period's last day. Addresses of a scenario are announced by nobody."""
    if selection.scope.is_scenario:
        return [""] * len(keys)
    return asn_texts(keys, local_day(selection.period.end - timedelta(microseconds=1), settings.REPORT_TIME_ZONE))


def _source_rows(rows: Frame, page: Frame, asns: list[str]) -> tuple[SourceRow, ...]:
    chosen = take(rows, np.flatnonzero(are_in(rows["source"], np.sort(page["source"]))))
    first, last = segmentreads.instants(chosen, "first"), segmentreads.instants(chosen, "last")
    by_source = group(chosen["source"])
    position = {int(source): number for number, source in enumerate(by_source.first(chosen["source"]).tolist())}
    parts = np.split(by_source.order, by_source.starts[1:])
    return tuple(
        _source_row(source, packets, asn, take(chosen, part), first[part], last[part])
        for source, packets, asn in zip(page["source"].tolist(), page["packets"].tolist(), asns, strict=True)
        for part in [parts[position[source]]]
    )


def _source_row(source: int, packets: int, asn: str, rows: Frame, first: NDArray[np.int64], last: NDArray[np.int64]) -> SourceRow:
    ports = _busiest(segmentreads.key_column(rows, Dimension.PORT), rows["packets"])
    return SourceRow(
        address=sourcekeys.to_address(source),
        packets=packets,
        first_seen=_moment(first.min()),
        last_seen=_moment(last.max()),
        sensors=len(np.unique(rows["sensor"])),
        ports=tuple(text_of(Dimension.PORT, code) for code, _packets in ports[:SHOWN_PORTS]),
        port_count=len(ports),
        region=regions.decode(int(rows["region"][last.argmax()])),
        asn=asn,
    )


def _busiest(codes: NDArray[np.int64], packets: NDArray[np.int64]) -> list[tuple[int, int]]:
    """(code, packets), most packets first."""
    groups = group(codes)
    found = zip(groups.first(codes).tolist(), groups.sum(packets).tolist(), strict=True)
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(microseconds))


# Cursors are opaque to readers: the place of the last row shown.


def _cursor(page: Frame) -> str:
    text = f"{page['packets'][-1]}:{page['source'][-1]}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(cursor: str) -> Position:
    try:
        packets, source = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode().split(":")
        position = int(packets), int(source)
    except (ValueError, binascii.Error) as error:
        raise ParameterError("cursor", _("is not one that an answer gave")) from error
    if not (0 <= position[0] < 1 << 63 and 0 <= position[1] < 1 << 64):
        raise ParameterError("cursor", _("is not one that an answer gave"))
    return position


# One source


def history(scope: SensorScope, address: str, period: Period) -> SourceHistory:
    """See queries.source_history."""
    require_addresses(scope)
    source = sourcekeys.from_address(address.removesuffix("/64"))
    selection = Selection(scope, period, signatures=tuple(Signature))
    context = context_of(selection)
    rows = segmentreads.rows(replace(Ask(selection), source=source), cut(Ask(selection).spans, settings.REPORT_TIME_ZONE, ()))
    seen = length(rows) > 0
    first, last = segmentreads.instants(rows, "first"), segmentreads.instants(rows, "last")
    return SourceHistory(
        address=sourcekeys.to_address(source),
        packets=int(rows["packets"].sum()),
        first_seen=_moment(first.min()) if seen else None,
        last_seen=_moment(last.max()) if seen else None,
        sensors=len(np.unique(rows["sensor"])),
        ports=_texts(Dimension.PORT, rows),
        signatures=_texts(Dimension.SIGNATURE, rows),
        regions=_regions(rows),
        cells=_cells(rows, _days(rows, period)),
        meta=context.meta(Unit.PACKETS),
    )


def _texts(dimension: Dimension, rows: Frame) -> tuple[tuple[str, int], ...]:
    found = _busiest(segmentreads.key_column(rows, dimension), rows["packets"])
    return tuple((text_of(dimension, code), packets) for code, packets in found)


def _regions(rows: Frame) -> tuple[tuple[date, str], ...]:
    """The region of the source's first day, and of each later day on which it was another one."""
    changes: list[tuple[date, str]] = []
    days = group(rows["day"].astype(np.int64))
    for day, code in zip(days.first(rows["day"]).tolist(), days.first(rows["region"]).tolist(), strict=True):
        region = regions.decode(code)
        if not changes or changes[-1][1] != region:
            changes.append((day, region))
    return tuple(changes)


def _days(rows: Frame, period: Period) -> NDArray[np.int64]:
    """The day of each row in the period's zone, as days since 1970."""
    hours = segmentreads.instants(rows)
    moments, position = encode(hours)
    days = [_moment(moment).astimezone(period.zone).date() for moment in moments.tolist()]
    return np.array(days, "datetime64[D]").astype(np.int64)[position]


def _cells(rows: Frame, days: NDArray[np.int64]) -> tuple[HistoryCell, ...]:
    codes = segmentreads.key_column(rows, Dimension.PORT)
    groups = group(days, codes)
    parts: Sequence[list[int]] = [groups.first(days).tolist(), groups.first(codes).tolist(), groups.sum(rows["packets"]).tolist()]
    return tuple(
        HistoryCell(date(1970, 1, 1) + timedelta(days=day), text_of(Dimension.PORT, code), packets)
        for day, code, packets in zip(*parts, strict=True)
    )
