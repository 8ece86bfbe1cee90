"""Host profiles for tests, without a scanning service."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from apps.common.ports import PortKey
from apps.enrichment.models import HostLookup, HostProvider, HostService, HostSnapshot, State


def noon(day: date) -> datetime:
    """03:00 UTC, noon in Tokyo."""
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


def add_profile(
    address: str, day: date, ports: Sequence[str] = (), features: Sequence[str] = (), *, seen: date | None = None, sample: bool = False
) -> HostSnapshot:
    """A profile scanned on a day with these ports open, each seen then or on `seen`; the address counts as looked up."""
    snapshot = HostSnapshot.objects.create(
        address=address, provider=HostProvider.SHODAN, scanned_at=noon(day), fetched_at=noon(day), features=list(features), raw={},
        is_sample=sample,
    )  # fmt: skip
    keys = [PortKey.parse(port) for port in ports]
    HostService.objects.bulk_create(
        HostService(snapshot=snapshot, protocol=key.protocol, port=key.port, seen_at=noon(seen or day)) for key in keys
    )
    look_up(address, snapshot)
    return snapshot


def look_up(address: str, snapshot: HostSnapshot | None = None) -> None:
    """The state of an address that was asked about."""
    values = {"state": State.DONE, "fetched_at": datetime.now(UTC), "snapshot": snapshot}
    HostLookup.objects.update_or_create(address=address, provider=HostProvider.SHODAN, defaults=values)
