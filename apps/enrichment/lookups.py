"""Look-ups of who runs an address: an answer serves the block around it, so that neighbours cost no query."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from ipwhois.rdap import RIR_RDAP

from apps.common import sourcekeys
from apps.common.periods import local_day
from apps.enrichment import keeping
from apps.enrichment.blocks import block_of
from apps.enrichment.failures import LookupFailedError
from apps.enrichment.models import Lookup, Priority, State
from apps.enrichment.queueing.kinds import Kind, Values
from apps.enrichment.registries import asking, rdap
from apps.enrichment.registries.asking import Answer
from apps.reference.models import Registry
from apps.reference.regions import region_map_for

REFRESH_AFTER = timedelta(days=30)  # a block's answer serves statistics for so long
EXACT_VALID_FOR = timedelta(days=7)  # a mail needs an answer about the very address no older than this

# Rows that wait, or the one row in hand, end with the best answer in their block: one whose range holds the address, else the
# newest. A row that another transaction holds is left for its own turn.
_SERVE = """
UPDATE enrichment_lookup AS lookup SET state = 'done', handed_at = NULL, network_id = found.network_id, registry = found.registry,
    fetched_at = found.fetched_at, is_exact = false, attempts = 0, next_try_at = NULL, error = '', error_detail = ''
FROM (
    SELECT waiting.id, answer.network_id, answer.registry, answer.fetched_at
    FROM enrichment_lookup AS waiting CROSS JOIN LATERAL (
        SELECT near.network_id, near.registry, near.fetched_at
        FROM enrichment_lookup AS near JOIN enrichment_network AS network ON network.id = near.network_id
        WHERE near.block = waiting.block AND near.state = 'done' AND near.is_exact AND near.fetched_at > %(since)s
        ORDER BY waiting.address BETWEEN network.start AND network.end DESC, near.fetched_at DESC LIMIT 1
    ) AS answer
    WHERE {chosen} AND NOT waiting.wants_exact
    FOR UPDATE OF waiting SKIP LOCKED
) AS found WHERE lookup.id = found.id
"""
_OF_BLOCKS = _SERVE.format(chosen="waiting.state = 'queued' AND waiting.block = ANY(%(blocks)s)")
_IN_HAND = _SERVE.format(chosen="waiting.state = 'running' AND waiting.id = %(id)s")


def serve_blocks(blocks: list[str]) -> int:
    """End every waiting look-up of these blocks that a fresh answer serves; → how many."""
    return _serve(_OF_BLOCKS, blocks=blocks)


def _serve(statement: str, **values: int | list[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**values, "since": timezone.now() - REFRESH_AFTER})
        return int(cursor.rowcount)


def registry_of(address: str) -> str:
    """Which registry to ask."""
    return registries_of([address])[0]


def registries_of(addresses: Sequence[str]) -> list[str]:
    """From our own delegations of today; nobody is asked which registry to ask. One small query."""
    regions = region_map_for(local_day(timezone.now(), settings.REPORT_TIME_ZONE))
    rows = regions.owners.at(np.array([sourcekeys.from_address(address) for address in addresses], np.uint64))
    return [rdap.registry_for(Registry(int(regions.rows.registries[row])).label if row >= 0 else "") for row in rows]


class RegistryLookups(Kind[Lookup, Answer]):
    """Lanes are registries; a row of an unknown one goes where `rdap.registry_for` sends it."""

    name = "registry"
    model = Lookup
    lane_field = "registry"
    block_field = "block"
    unique_columns = ("address",)
    fresh_for = REFRESH_AFTER

    def providers(self) -> Mapping[str, str]:
        return {registry: f"rdap:{rdap.registry_for(registry)}" for registry in ("", *RIR_RDAP)}

    def columns(self, addresses: Sequence[str], lane: str) -> dict[str, list[Any]]:
        return {
            "address": list(addresses),
            "block": [block_of(ip_address(address)) for address in addresses],
            "registry": registries_of(addresses),
            "wants_exact": [False] * len(addresses),
            "is_exact": [False] * len(addresses),
        }

    def queued(self, addresses: Sequence[str]) -> None:
        serve_blocks(sorted({block_of(ip_address(address)) for address in addresses}))

    def known(self, row: Lookup) -> State | None:
        if row.wants_exact:
            return None
        return State.DONE if _serve(_IN_HAND, id=row.pk) else _share_not_found(row)

    def ask(self, row: Lookup) -> Answer:
        return asking.ask(row.address, registry_of(row.address), Priority(row.priority))

    def keep(self, row: Lookup, answer: Answer, now: datetime) -> Values:
        parsed = answer.network
        if not parsed.start <= ip_address(row.address) <= parsed.end:  # type: ignore[operator]  # one version, or the answer is wrong
            raise LookupFailedError(State.ERROR, _("The answer is about another range than the one asked for."))
        registry = registry_of(row.address)
        network = keeping.keep(answer, registry, now)
        return {"network": network, "registry": registry, "is_exact": True, "wants_exact": False}

    def ended(self, row: Lookup) -> None:
        """Neighbours that wait share the answer. They share a failure too: their block is asked again once, not once for each."""
        if row.state == State.DONE:
            serve_blocks([row.block])
        elif row.state != State.RATE_LIMITED:  # which is the registry's state and no answer about the block
            _share_failure(row)


def _share_not_found(row: Lookup) -> State | None:
    """The registry has just said of a neighbour that it knows no network there."""
    near = Lookup.objects.filter(block=row.block, state=State.NOT_FOUND, next_try_at__gt=timezone.now()).first()
    if near is None or not Lookup.objects.filter(pk=row.pk, state=State.RUNNING, wants_exact=False).update(**_failure_of(near)):
        return None
    return State.NOT_FOUND


def _share_failure(row: Lookup) -> None:
    Lookup.objects.filter(block=row.block, state=State.QUEUED, wants_exact=False).update(**_failure_of(row))


def _failure_of(row: Lookup) -> dict[str, object]:
    return {
        "state": row.state, "handed_at": None, "attempts": row.attempts, "next_try_at": row.next_try_at,
        "error": row.error, "error_detail": row.error_detail,
    }  # fmt: skip
