"""How an answer about a host is kept: a profile for each scan, with its services."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.enrichment.hosts.features import features_of
from apps.enrichment.hosts.parsing import ParsedHost, ParsedService
from apps.enrichment.models import HostProvider, HostService, HostSnapshot
from apps.enrichment.registries.parsing import storable


@dataclass(frozen=True)
class Answer:
    """What came back of one service, parsed, beside what it was parsed from."""

    provider: HostProvider
    host: ParsedHost
    raw: dict[str, Any]


def keep(address: str, answer: Answer, now: datetime) -> HostSnapshot:
    """Insert the profile of this scan, or renew it. Call it in a transaction."""
    host = answer.host
    values = {
        "fetched_at": now,
        "os": host.os,
        "hostnames": list(host.hostnames),
        "tags": list(host.tags),
        "cves": list(host.cves),
        "features": features_of(host),
        "raw": storable(answer.raw),
        "is_sample": host.is_sample,
    }
    scanned_at = _scanned_at(address, answer, now)
    snapshot, is_new = HostSnapshot.objects.update_or_create(
        address=address, provider=answer.provider, scanned_at=scanned_at, defaults=values
    )
    if not is_new:
        snapshot.services.all().delete()
    HostService.objects.bulk_create(_row(snapshot, service) for service in host.services)
    return snapshot


def _scanned_at(address: str, answer: Answer, now: datetime) -> datetime:
    """A service that tells no times says the same again until it has scanned again; then the answer is of now."""
    if answer.host.scanned_at:
        return answer.host.scanned_at
    newest = HostSnapshot.objects.filter(address=address, provider=answer.provider).order_by("-scanned_at").first()
    return newest.scanned_at if newest and newest.raw == storable(answer.raw) else now


def _row(snapshot: HostSnapshot, service: ParsedService) -> HostService:
    return HostService(
        snapshot=snapshot,
        protocol=service.protocol,
        port=service.port,
        seen_at=service.seen_at,
        module=service.module,
        product=service.product,
        version=service.version,
        banner_hash=service.banner_hash,
        certificate=service.certificate,
        cpes=list(service.cpes),
        banner=service.banner,
    )
