"""The scans of many sources, read at once. Only a scan at most 30 days from a packet of the source tells of the host that sent it:
addresses change hands."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection

from apps.common import sourcekeys
from apps.common.ports import PortKey
from apps.enrichment.likeness.sightings import Ids, Keys, Mask, Sightings

VALID_DAYS = 30
NEVER = 0  # in the place of an ordinal

# Row `at` of `wanted` is source number `at`: those of IPv4 come first in ascending keys.
_WANTED = """
WITH wanted AS MATERIALIZED (
    SELECT (at - 1)::integer AS at, '0.0.0.0'::inet + key AS address FROM unnest(%(four)s::bigint[]) WITH ORDINALITY AS four (key, at)
    UNION ALL
    SELECT (at - 1 + cardinality(%(four)s::bigint[]))::integer, text::inet FROM unnest(%(six)s::text[]) WITH ORDINALITY AS six (text, at)
)
"""
_DAY = "((({moment}) AT TIME ZONE %(zone)s)::date - DATE '0001-01-01' + 1)"
# One value instead of a row each: psycopg would make Python objects of them all.
_ROW = """
int4send(at) || int8send(scan.id) || int4send({scanned}) || int2send(is_sample::int::smallint)
|| int4send(CASE WHEN service.id IS NULL THEN 0 ELSE {seen} END)
""".format(scanned=_DAY.format(moment="scanned_at"), seen=_DAY.format(moment="coalesce(seen_at, scanned_at)"))
_SCANS = f"""
{_WANTED} SELECT string_agg({_ROW}, ''::bytea) FROM wanted JOIN enrichment_hostsnapshot AS scan USING (address)
LEFT JOIN enrichment_hostservice AS service ON service.snapshot_id = scan.id AND protocol = %(protocol)s AND port = %(port)s
"""  # noqa: S608  # no value of a user is part of the text
_LOOKED_UP = (
    _WANTED
    + """
SELECT string_agg(DISTINCT int4send(at), ''::bytea) FROM wanted JOIN enrichment_hostlookup AS lookup USING (address)
WHERE lookup.fetched_at IS NOT NULL
"""
)
_WIRE = np.dtype([("at", ">i4"), ("id", ">i8"), ("scanned", ">i4"), ("sample", ">i2"), ("seen", ">i4")])
NO_PORT = PortKey(0, 0)


@dataclass(frozen=True)
class Scans:
    """One row a scan: the source's number, the snapshot's id, the ordinal of the scan's day and of the day on which the asked port
    was last seen open in it (NEVER where it was not), whether the answer is an invented one."""

    at: Ids
    ids: Ids
    scanned: Ids
    seen: Ids
    is_sample: Mask


def scans_of(keys: Keys, port: PortKey = NO_PORT) -> Scans:
    """Every scan of these sources. One query."""
    packed = _packed(_SCANS, keys, protocol=port.protocol, port=port.port)
    table = np.frombuffer(packed, _WIRE)
    at, ids, scanned, seen = (table[name].astype(np.int64) for name in ("at", "id", "scanned", "seen"))
    return Scans(at, ids, scanned, seen, table["sample"].astype(bool))


def looked_up(keys: Keys) -> Mask:
    """Which of the sources a scanning service was asked about and answered, be it that it knows nothing. One query."""
    mask = np.zeros(len(keys), bool)
    mask[np.frombuffer(_packed(_LOOKED_UP, keys), ">i4")] = True
    return mask


@dataclass(frozen=True)
class Chosen:
    """For each source number of `at` (ascending) the snapshot nearest to one of its packets."""

    at: Ids
    ids: Ids
    is_sample: Mask

    @property
    def has_sample(self) -> bool:
        return bool(self.is_sample.any())

    def only(self, wanted: Mask) -> "Chosen":
        return Chosen(self.at[wanted], self.ids[wanted], self.is_sample[wanted])


def nearest(scans: Scans, sightings: Sightings) -> Chosen:
    """Of each source its scan nearest to a packet, if one lies within VALID_DAYS; of two as near the later."""
    gaps = sightings.gaps(scans.at, scans.scanned)
    valid = gaps <= VALID_DAYS
    at, ids = scans.at[valid], scans.ids[valid]
    order = np.lexsort((ids, -scans.scanned[valid], gaps[valid], at))
    best = order[np.unique(at[order], return_index=True)[1]]
    return Chosen(at[best], ids[best], scans.is_sample[valid][best])


def _packed(statement: str, keys: Keys, **parameters: Any) -> bytes:
    is_six = sourcekeys.is_ipv6(keys)
    four = keys[~is_six].astype(np.int64).tolist()
    six = [sourcekeys.to_address(key).removesuffix("/64") for key in keys[is_six].tolist()]
    with connection.cursor() as cursor:
        cursor.execute(statement, {"four": four, "six": six, "zone": settings.REPORT_TIME_ZONE.key, **parameters})
        return bytes(cursor.fetchone()[0] or b"")
