"""What is known of a ticket at this moment: the lines of its observation log, and the facts the gate judges."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from apps.common.periods import Period, local_day
from apps.common.ports import ICMP, ICMPV6, UDP, PortKey
from apps.coordination import certainty, lookups
from apps.coordination.gate import GateFacts, HostFacts
from apps.coordination.models import Host, Investigation
from apps.coordination.observation_log import Line
from apps.observations import evidence
from apps.observations.evidence import EvidenceSummary
from apps.observations.models import UNCOUNTED

_CONNECTIONLESS = (UDP, ICMP, ICMPV6)


def period_of(host: Host) -> Period:
    return Period(host.period_start, host.period_end, settings.REPORT_TIME_ZONE)


def summary_of(host: Host) -> EvidenceSummary:
    """What was observed of a host in its period, to the ports it is about."""
    return evidence.summary(host.address, period_of(host), ports_of(host))


def as_kept(seen: EvidenceSummary) -> dict[str, object]:
    """The summary as Host.summary keeps it: times as ISO text (UTC), ports as `tcp/23`."""
    return {
        "packets": seen.packets,
        "rows": seen.rows,
        "sensors": seen.sensors,
        "hours": seen.hours,
        "first_seen": seen.first_seen.isoformat() if seen.first_seen else None,
        "last_seen": seen.last_seen.isoformat() if seen.last_seen else None,
        "signatures": [signature.label for signature in seen.signatures],
        "ports": [str(port) for port in seen.ports],
    }


def ports_of(host: Host) -> list[PortKey]:
    return [PortKey.parse(port) for port in host.ports]


def lines_of(investigation: Investigation) -> list[Line]:
    """The observation log of every host, in time order within each."""
    return [line for host in investigation.hosts.all() for line in _lines_of(host)]


def _lines_of(host: Host) -> list[Line]:
    """The AS number is that of the packets' own day: prefixes change hands between two lines of one log."""
    rows = list(evidence.rows(host.address, period_of(host), ports_of(host)))
    region, asns = lookups.region_of(host.address, host.period_end), lookups.asns_of(host.address, (row.at for row in rows))
    return [Line(row, region, asns[local_day(row.at, settings.REPORT_TIME_ZONE)]) for row in rows]


def gate_facts(investigation: Investigation, text: str) -> GateFacts:
    """Everything `gate.check` wants to know; `text` is subject and body of the mail."""
    now = timezone.now()
    newest = evidence.newest_rolled_up()
    contact = investigation.contact
    return GateFacts(
        hosts=tuple(_host_facts(host) for host in investigation.hosts.all()),
        measured_at=min(now, newest) if newest else now,
        measured_at_newest_data=newest is not None and _is_import(newest, now),
        now=now,
        is_manual_contact=investigation.contact_source == "manual" and not investigation.contact_lookup_address,
        contact_chosen_at=investigation.contact_fetched_at,
        is_registry_mailbox=contact is not None and lookups.is_registry_mailbox(contact.email),
        is_bounced=contact is not None and contact.bounced_at is not None,
        strong_words=tuple(certainty.too_strong(text, investigation.incident.certainty)),
    )


def _is_import(newest: datetime, now: datetime) -> bool:
    """Data that ends days ago was imported (or all sensors are silent, which health shows); silence counts from its end."""
    return (now - newest).days >= 1


def _host_facts(host: Host) -> HostFacts:
    seen = summary_of(host)
    info = lookups.info_of(host.address)
    return HostFacts(
        address=host.address,
        packets=seen.packets,
        sensors=seen.sensors,
        hours=seen.hours,
        last_seen=seen.last_seen,
        is_bogon=lookups.is_bogon(host.address),
        is_backscatter=any(signature in UNCOUNTED for signature in seen.signatures),
        is_connectionless=bool(seen.ports) and all(port.protocol in _CONNECTIONLESS for port in seen.ports),
        lookup_at=info.fetched_at if info.is_exact_lookup else None,
    )
