"""The one delegation record that an address belonged to on a day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_address

from apps.common import sourcekeys
from apps.common.regions import decode
from apps.reference import models
from apps.reference.models import REGIONAL, DelegationStatus, Registry
from apps.reference.regions import region_map_for

Address = IPv4Address | IPv6Address
MOST_RECORDS = 200  # of one address


@dataclass(frozen=True)
class Delegation:
    """A range as a registry delegated it. `opaque_id` is '' where the file had none."""

    start: Address
    end: Address  # inclusive
    registry: str  # afrinic, apnic, arin, lacnic or ripencc
    region: str
    status: str  # allocated or assigned
    opaque_id: str
    as_of: date  # of the snapshot that says so


def delegation_of(address: str, day: date) -> Delegation | None:
    """The record that decides the address's region on a day, None where nothing covers it. Two small queries.
    ValueError where the text is no address."""
    regions = region_map_for(day)
    row = regions.row_of(sourcekeys.from_address(address))
    if row is None:
        return None
    registry = int(regions.rows.registries[row])
    as_of = next(source.date for source in regions.sources if source.registry == registry)
    found = models.Delegation.objects.filter(
        registry=registry,
        start_key=int(regions.rows.starts[row]),
        end_key=int(regions.rows.ends[row]),
        region=int(regions.rows.regions[row]),
        valid_from__lte=as_of,
        valid_to__gt=as_of,
    )
    return _as_record(found.order_by("status", "opaque_id")[0], as_of, ip_address(address))


@dataclass(frozen=True)
class DatedDelegation:
    """A record and the span of snapshots that hold it: `until` is the date of the first without it, None while it stands."""

    record: Delegation
    until: date | None


def history_of(address: str, registries: Collection[int] = REGIONAL) -> tuple[DatedDelegation, ...]:
    """Every record that any snapshot had of an address, oldest first; where two registries both had it, both. One query.
    ValueError where the text is no address."""
    key = sourcekeys.from_address(address)
    if key >= 1 << 63:  # beyond what registries delegate
        return ()
    rows = models.Delegation.objects.filter(registry__in=list(registries), start_key__lte=key, end_key__gte=key)
    return tuple(
        DatedDelegation(_as_record(row, row.valid_from, ip_address(address)), row.valid_to if row.valid_to != models.FOREVER else None)
        for row in rows.order_by("valid_from", "registry", "start_key")[:MOST_RECORDS]
    )


def _as_record(row: models.Delegation, as_of: date, address: Address) -> Delegation:
    start: Address = IPv4Address(row.start_key) if address.version == 4 else IPv6Address(row.start_key << 64)
    end: Address = IPv4Address(row.end_key) if address.version == 4 else IPv6Address((row.end_key << 64) | ((1 << 64) - 1))
    return Delegation(
        start, end, Registry(row.registry).label, decode(row.region), DelegationStatus(row.status).label, row.opaque_id, as_of
    )
