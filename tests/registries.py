"""Registries for tests: delegations to load, and the RDAP stand-in that answers from them."""

from collections.abc import Mapping
from datetime import date
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Any

import redis
from django.conf import settings
from django.db import transaction

from apps.enrichment import standin_data
from apps.reference import delegation_files, snapshots
from apps.reference.delegations import Delegation

DAY = date(2018, 10, 13)
LINES = {
    "apnic": ["JP|ipv4|1.33.0.0|65536", "KR|ipv4|210.107.0.0|32768", "JP|ipv6|2001:240::|32"],
    "ripencc": ["DE|ipv4|2.160.0.0|1048576", "GB|ipv6|2a00:2380::|25"],
    "arin": ["US|ipv4|74.125.0.0|65536"],
    "lacnic": ["CO|ipv6|2801:10:c000::|48"],
}


def forget_pacing() -> None:
    """Drop what look-ups keep in Redis, and nothing that other tests keep there."""
    with redis.Redis.from_url(settings.CACHE_URL) as client:
        for key in client.scan_iter("*lookups:*"):
            client.delete(key)


def load_delegations(lines: dict[str, list[str]] | None = None) -> None:
    """Load `region|type|start|value` lines by registry, all allocated, as of DAY."""
    for registry, records in (lines or LINES).items():
        head = f"2|{registry}|20181013|{len(records)}|19830101|20181013|+0000"
        body = [f"{registry}|{record}|20100101|allocated|opaque-{registry}" for record in records]
        file = delegation_files.parse(registry, "\n".join([head, *body, ""]).encode())
        with transaction.atomic():
            snapshots.put(file.registry, DAY, file.rows)


def answer_about(address: str) -> Mapping[str, Any] | None:
    """What the stand-in says of LINES. It answers from a thread, which cannot see what a test has not committed."""
    if address in standin_data.recorded_answers():
        return standin_data.answer_about(address)
    wanted = ip_address(address)
    for delegation in _delegations():
        if delegation.start.version == wanted.version and int(delegation.start) <= int(wanted) <= int(delegation.end):
            return standin_data.invented_answer(delegation)
    return None


def _delegations() -> list[Delegation]:
    return [_delegation(registry, *line.split("|")) for registry, lines in LINES.items() for line in lines]


def _delegation(registry: str, region: str, kind: str, start: str, size: str) -> Delegation:
    first = ip_address(start)
    last = IPv4Address(int(first) + int(size) - 1) if kind == "ipv4" else IPv6Network(f"{start}/{size}").broadcast_address
    return Delegation(first, last, registry, region, "allocated", "", DAY)
