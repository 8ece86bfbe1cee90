"""The flows of one address, as they are laid before the administrator of that address.

Read from the facts, so only as long as these are kept. Nothing here says which sensor saw a row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Network, ip_network
from typing import Any

from django.conf import settings
from django.db import connection

from apps.common.periods import Period
from apps.common.ports import PortKey
from apps.observations.models import UNCOUNTED, Signature
from apps.observations.planning.freshness import newest_data
from apps.sensors.models import Sensor
from apps.sensors.scopes import SensorScope

# Generated flows are nobody's evidence.
_WHERE = """
  FROM observations_flow AS flow
 WHERE src = %(address)s::inet AND bucket >= %(start)s AND bucket < %(end)s
   AND (%(ports)s::text[] = '{}' OR protocol || '/' || port = ANY(%(ports)s::text[]))
   AND NOT EXISTS (SELECT FROM sensors_exclusion AS kept_out
                    WHERE kept_out.sensor_id = flow.sensor_id AND kept_out.protocol = flow.protocol AND kept_out.port = flow.port
                      AND (bucket AT TIME ZONE %(zone)s)::date BETWEEN first_day AND coalesce(last_day, 'infinity'))
   AND NOT EXISTS (SELECT FROM sensors_sensor AS generated WHERE generated.id = flow.sensor_id AND generated.is_scenario)
"""
# Backscatter, bogon and canary say nothing about their source: no line of a log, no packet of a sum.
_COUNTED = "signature <> ALL(%(uncounted)s)"
_ROWS = (
    """
SELECT first_seen, protocol, host(src), first_src_port, port, packets, signature"""
    + _WHERE
    + f"   AND {_COUNTED}"
    + """
 ORDER BY first_seen, protocol, port, first_src_port, packets
 LIMIT %(limit)s
"""
)
_SUMMARY = (
    f"""
SELECT coalesce(sum(packets) FILTER (WHERE {_COUNTED}), 0), count(*) FILTER (WHERE {_COUNTED}),
       count(DISTINCT sensor_id) FILTER (WHERE {_COUNTED}), count(DISTINCT date_trunc('hour', bucket)) FILTER (WHERE {_COUNTED}),
       min(first_seen) FILTER (WHERE {_COUNTED}), max(last_seen) FILTER (WHERE {_COUNTED}),
       coalesce(array_agg(DISTINCT signature), '{{}}'),
       coalesce(array_agg(DISTINCT ARRAY[protocol, port]) FILTER (WHERE {_COUNTED}), '{{}}')"""
    + _WHERE
)
_ADDRESSES = """
SELECT host(src) FROM observations_flow
 WHERE src <<= %(network)s::inet AND bucket >= %(start)s AND bucket < %(end)s
 GROUP BY src ORDER BY sum(packets) DESC, src LIMIT %(limit)s
"""


@dataclass(frozen=True)
class EvidenceRow:
    """One flow: packets of one source to one port in one minute, timed by the first of them, with its source port."""

    at: datetime
    protocol: int
    source: str
    source_port: int
    port: int
    packets: int
    signature: Signature


@dataclass(frozen=True)
class EvidenceSummary:
    """The counted flows of an address in a period. `sensors` and `hours` are numbers of distinct ones; times are UTC.
    `signatures` are those of all its flows: backscatter beside other packets makes a reader doubt."""

    packets: int
    rows: int
    sensors: int
    hours: int
    first_seen: datetime | None
    last_seen: datetime | None
    signatures: tuple[Signature, ...]
    ports: tuple[PortKey, ...]


def rows(address: str, period: Period, ports: Sequence[PortKey] = (), *, limit: int = 100_000) -> Iterator[EvidenceRow]:
    """Flows of `address` in time order; no ports means every port. Needs the (src, bucket) index of closed days."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, _parameters(address, period, ports) | {"limit": limit})
        for at, protocol, source, source_port, port, packets, signature in cursor.fetchall():
            yield EvidenceRow(at, protocol, source, source_port, port, packets, Signature(signature))


def summary(address: str, period: Period, ports: Sequence[PortKey] = ()) -> EvidenceSummary:
    with connection.cursor() as cursor:
        cursor.execute(_SUMMARY, _parameters(address, period, ports))
        packets, count, sensors, hours, first, last, signatures, pairs = cursor.fetchone()
    return EvidenceSummary(
        int(packets), count, sensors, hours, first, last,
        tuple(Signature(signature) for signature in sorted(signatures)),
        tuple(PortKey(protocol, port) for protocol, port in sorted(pairs)),
    )  # fmt: skip


def addresses_in(source: str, period: Period, *, limit: int = 50) -> list[str]:
    """The addresses a source stands for: itself, or those seen inside an IPv6 /64, the busiest first."""
    network = ip_network(source)
    if network.num_addresses == 1:
        return [str(network.network_address)]
    if not isinstance(network, IPv6Network) or network.prefixlen < 64:
        raise ValueError(f"{source!r} is neither an address nor an IPv6 /64")
    with connection.cursor() as cursor:
        cursor.execute(_ADDRESSES, {"network": str(network), "start": period.start, "end": period.end, "limit": limit})
        return [address for (address,) in cursor.fetchall()]


def newest_rolled_up() -> datetime | None:
    """The end of the newest reporting day with rolled-up data of any sensor that observes."""
    return newest_data(SensorScope(tuple(Sensor.objects.observing().values_list("pk", flat=True)))).newest


def _parameters(address: str, period: Period, ports: Sequence[PortKey]) -> dict[str, Any]:
    return {
        "address": address, "start": period.start, "end": period.end, "ports": [f"{key.protocol}/{key.port}" for key in ports],
        "zone": str(settings.REPORT_TIME_ZONE), "uncounted": [int(signature) for signature in UNCOUNTED],
    }  # fmt: skip
