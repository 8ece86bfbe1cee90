"""What is known of the host at an address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.common.ports import PortKey
from apps.enrichment.blocks import is_public, read_address
from apps.enrichment.hosts.parsing import parse_host
from apps.enrichment.hosts.switches import why_off
from apps.enrichment.likeness.featuresets import sets_of
from apps.enrichment.models import UNDER_WAY, FeatureSet, HostLookup, HostProvider, HostService, HostSnapshot, State
from apps.reference.names import port_label

MOST_SCANS = 20  # of the history
PORTS = 65536


@dataclass(frozen=True)
class ServiceState:
    """How asking one scanning service about the address stands. `off` says why it is not asked, in the reader's language."""

    service: HostProvider
    state: State
    fetched_at: datetime | None
    next_try_at: datetime | None
    error: str
    has_profile: bool
    off: str

    @property
    def has_no_data(self) -> bool:
        """The service answered that it knows nothing of the address, which does not say that nothing listens there."""
        return self.state == State.DONE and not self.has_profile

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def shows(self) -> bool:
        return self.state != State.NONE or not self.off or self.service is HostProvider.SHODAN


@dataclass(frozen=True)
class Scan:
    """One line of the history: on how many ports the host listened, and what that changed against the service's scan before."""

    number: int
    service: HostProvider
    scanned_at: datetime
    is_sample: bool
    ports: int
    opened: tuple[str, ...]
    closed: tuple[str, ...]


@dataclass(frozen=True)
class ServiceLine:
    port: str
    row: HostService


@dataclass(frozen=True)
class HostInfo:
    """Everything known of one host, for own staff. `profile` is the chosen scan, or the newest."""

    address: str
    states: tuple[ServiceState, ...]
    profile: HostSnapshot | None = None
    services: tuple[ServiceLine, ...] = ()
    left_out: tuple[str, ...] = ()
    history: tuple[Scan, ...] = ()
    feature_sets: tuple[FeatureSet, ...] = ()  # saved ones that the profile matches

    @property
    def is_under_way(self) -> bool:
        return any(state.is_under_way for state in self.states)

    @property
    def state(self) -> State:
        """Of the service whose look-up is furthest from rest, for the card's head."""
        asked = [one.state for one in self.states if one.state != State.NONE]
        return next((state for state in asked if state in UNDER_WAY), asked[0] if asked else State.NONE)

    @property
    def can_be_looked_up(self) -> bool:
        return is_public(read_address(self.address))

    @property
    def can_be_asked(self) -> tuple[HostProvider, ...]:
        """The services that may be asked now."""
        return tuple(one.service for one in self.states if not one.off and not one.is_under_way) if self.can_be_looked_up else ()


def host_info(user: User, address: str, scan: int | None = None) -> HostInfo:
    """What is known now of a host, in five queries; nothing is asked. `scan` chooses a line of the history. ValueError where the
    text is no address."""
    wanted = str(read_address(address))
    history = _history(user, wanted)
    numbers = [line.number for line in history]
    profile = HostSnapshot.objects.visible_to(user).filter(pk=scan if scan in numbers else numbers[0]).first() if numbers else None
    return HostInfo(
        address=wanted,
        states=_states(user, wanted),
        profile=profile,
        services=tuple(ServiceLine(_label(row.protocol, row.port), row) for row in profile.services.all()) if profile else (),
        left_out=_left_out(profile) if profile else (),
        history=history,
        feature_sets=tuple(sets_of(profile.features)) if profile else (),
    )


def _states(user: User, address: str) -> tuple[ServiceState, ...]:
    rows = {row.provider: row for row in HostLookup.objects.filter(address=address)} if user.is_own_staff else {}
    return tuple(_state(service, rows.get(service)) for service in HostProvider)


def _state(service: HostProvider, row: HostLookup | None) -> ServiceState:
    why = why_off(service)
    return ServiceState(
        service=service,
        state=State(row.state) if row else State.NONE,
        fetched_at=row.fetched_at if row else None,
        next_try_at=row.next_try_at if row else None,
        error=row.error_text if row else "",
        has_profile=row is not None and row.snapshot_id is not None,
        off=gettext(why) if why else "",
    )


def _history(user: User, address: str) -> tuple[Scan, ...]:
    """The newest scans, newest first. One query."""
    keys = HostService.objects.filter(snapshot=OuterRef("pk")).values_list(F("protocol") * PORTS + F("port"))
    scans = HostSnapshot.objects.visible_to(user).filter(address=address).annotate(open=ArraySubquery(keys))
    found = list(scans.order_by("-scanned_at", "-pk").values("pk", "provider", "scanned_at", "is_sample", "open")[:MOST_SCANS])
    before: dict[str, set[int]] = {}
    lines = []
    for one in reversed(found):
        now_open = set(one["open"])
        last = before.get(one["provider"], now_open)
        lines.append(_scan(one, now_open, opened=now_open - last, closed=last - now_open))
        before[one["provider"]] = now_open
    return tuple(reversed(lines))


def _scan(one: Mapping[str, Any], now_open: set[int], *, opened: set[int], closed: set[int]) -> Scan:
    service = HostProvider(one["provider"])
    return Scan(one["pk"], service, one["scanned_at"], one["is_sample"], len(now_open), _labels(opened), _labels(closed))


def _labels(keys: Iterable[int]) -> tuple[str, ...]:
    return tuple(_label(*divmod(key, PORTS)) for key in sorted(keys))


def _label(protocol: int, port: int) -> str:
    return port_label(PortKey(protocol, port))


def _left_out(profile: HostSnapshot) -> tuple[str, ...]:
    """What parsing left out of this answer, told by parsing it again."""
    host = parse_host(HostProvider(profile.provider), profile.raw, profile.fetched_at)
    return tuple(gettext(message) % {"count": count} for message, count in host.left_out.items())


@dataclass(frozen=True)
class HostDossier:
    """Look-ups and profiles of one address as rows, newest scan first."""

    address: str
    lookups: tuple[HostLookup, ...]
    profiles: tuple[HostSnapshot, ...]


def host_dossier(user: User, address: str) -> HostDossier:
    """Three queries, whatever is known. ValueError where the text is no address."""
    wanted = str(read_address(address))
    lookups = HostLookup.objects.filter(address=wanted).order_by("provider") if user.is_own_staff else HostLookup.objects.none()
    profiles = HostSnapshot.objects.visible_to(user).filter(address=wanted).order_by("-scanned_at", "-pk").defer("raw")
    return HostDossier(wanted, tuple(lookups), tuple(profiles.prefetch_related("services")[:MOST_SCANS]))
