"""Queueing many look-ups at once, in a few statements however many they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from apps.enrichment.models import Priority
from apps.enrichment.queueing.running import AnyKind

TYPES = {"inet": "inet[]", "boolean": "boolean[]"}  # other columns are texts
# Addresses in their order, so that two such statements at once wait for each other and not in a circle.
_QUEUE = """
INSERT INTO {table} AS lookup ({columns}, state, priority, reason, attempts, queued_at, error, error_detail)
SELECT {columns}, 'queued', %(priority)s, %(reason)s, 0, %(now)s, '', ''
FROM unnest({values}) AS wanted({columns}) ORDER BY address
ON CONFLICT ({unique}) DO UPDATE SET state = 'queued', priority = %(priority)s, reason = %(reason)s, queued_at = %(now)s,
    handed_at = NULL, next_try_at = NULL, {lane} = EXCLUDED.{lane}
WHERE lookup.state NOT IN ('queued', 'running')
  AND NOT (lookup.state = 'done' AND lookup.fetched_at > %(since)s)
  AND NOT (lookup.state <> 'done' AND lookup.next_try_at IS NOT NULL AND lookup.next_try_at > %(now)s)
"""
_RAISE = """
UPDATE {table} SET priority = %(priority)s, next_try_at = NULL WHERE id IN (
    SELECT id FROM {table} WHERE state = 'queued' AND priority > %(priority)s AND {ours} FOR UPDATE SKIP LOCKED
)
"""
_COUNT = "SELECT count(*) FROM {table} WHERE state IN ('queued', 'running') AND {ours}"


@dataclass(frozen=True)
class BatchCounts:
    """What became of the addresses of a batch: `asked` wait for an answer now, `fresh` have one (or one that the provider
    lately did not have, or did not give), `not_askable` are private or reserved."""

    asked: int
    fresh: int
    not_askable: int


@transaction.atomic
def queue(kind: AnyKind, addresses: Sequence[str], lane: str, *, priority: Priority, reason: str) -> int:
    """Queue what is neither fresh nor under way nor failed too lately; raise the priority of what waits. → how many of the
    addresses wait or are in hand now. `lane` is whom to ask, '' for a kind that finds that out by the address."""
    columns: dict[str, Any] = kind.columns(addresses, lane)
    now = timezone.now()
    fields = {field.column: field.db_type(connection) or "" for field in kind.model._meta.concrete_fields}
    names = {
        "table": kind.model._meta.db_table,
        "columns": ", ".join(columns),
        "values": ", ".join(f"%({name})s::{TYPES.get(fields[name], 'text[]')}" for name in columns),
        "unique": ", ".join(kind.unique_columns),
        "lane": kind.lane_field,
        "ours": f"address = ANY(%(address)s::inet[]) AND (%(of_lane)s = '' OR {kind.lane_field} = %(of_lane)s)",
    }
    values = columns | {"priority": int(priority), "reason": reason[:100], "now": now, "since": now - kind.fresh_for, "of_lane": lane}
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE.format(**names), values)
        cursor.execute(_RAISE.format(**names), values)
        kind.queued(addresses)
        cursor.execute(_COUNT.format(**names), values)
        return int(cursor.fetchone()[0])
