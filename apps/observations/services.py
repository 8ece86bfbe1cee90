"""Taking in what sensors send: batches of flows, and heartbeats."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.common.periods import Period
from apps.common.ports import are_icmp_errors
from apps.observations.counting import retention
from apps.observations.counting.coverage import COVERED_MINUTES
from apps.observations.intake import compression, copying, decoding, validation, wire
from apps.observations.intake.addresses import source_keys
from apps.observations.intake.frames import Flows
from apps.observations.intake.wire import Header, IngestError
from apps.observations.models import Batch, Signature
from apps.observations.storage import partitions
from apps.observations.storage.marks import raise_marks
from apps.reference.special import bogon_mask, scenario_mask
from apps.sensors.models import Sensor, SensorKey
from apps.sensors.services import note_seen, record_heartbeat

_CLAIM = """
INSERT INTO observations_batch (sensor_id, uuid, digest, start, "end", sequence, flows, packets, header, received_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp())
ON CONFLICT (sensor_id, uuid) DO NOTHING RETURNING id
"""


@dataclass(frozen=True)
class Receipt:
    """What became of a batch: its size, and whether it was new or had been taken in before."""

    is_new: bool
    flows: int
    packets: int


def ingest_batch(*, key: SensorKey, uuid: UUID, body: bytes, media_type: str, encoding: str) -> Receipt:
    """Take in one batch, whole or not at all; IngestError says why not. `body` is as sent, its digest checked.

    Reading and judging the batch needs no database and comes first, so that the one transaction (claim, COPY, marks)
    holds its locks for milliseconds. Of two workers with the same batch one claims it; the other waits for that
    commit and then finds it taken.
    """
    digest = hashlib.sha256(body).digest()
    known = _known(key.sensor, uuid, digest)
    if known:
        return known
    header, flows = _read(key, body, media_type, encoding)
    days = {day for day, _rows in copying.by_day(flows["bucket"])}
    partitions.ensure(days)
    receipt = _store(key.sensor, uuid, digest, header, flows) or _known(key.sensor, uuid, digest)
    if receipt is None:
        raise IngestError(409, "conflict", "Another batch with this id is being taken back; send it again.")
    note_seen(sensor=key.sensor, newest_packet=_newest_packet(flows))
    return receipt


def _known(sensor: Sensor, uuid: UUID, digest: bytes) -> Receipt | None:
    """The receipt of a batch taken in before; IngestError 409 when the id belongs to other bytes."""
    batch = Batch.objects.filter(sensor=sensor, uuid=uuid).only("digest", "flows", "packets").first()
    if batch is None:
        return None
    if bytes(batch.digest) != digest:
        raise IngestError(409, "conflict", "This sensor has sent other bytes under the same batch id.")
    return Receipt(is_new=False, flows=batch.flows, packets=batch.packets)


def _read(key: SensorKey, body: bytes, media_type: str, encoding: str) -> tuple[Header, Flows]:
    plain = compression.decompress(body, encoding, settings.INGEST_MAX_DECODED_BYTES)
    header, flows = decoding.decode(plain, media_type, _limits(key))
    if header.sensor not in (None, key.sensor.name):
        raise IngestError(403, "wrong_sensor", "The header names another sensor than the one this key belongs to.")
    validation.check(flows, header)
    return header, labelled(flows, key.sensor)


def _limits(key: SensorKey) -> decoding.Limits:
    now = timezone.now()
    limits = [retention.oldest_accepted(now), None if key.may_import else now - timedelta(days=settings.INGEST_MAX_AGE_DAYS)]
    return decoding.Limits(
        flows=settings.INGEST_MAX_FLOWS,
        earliest=max((limit for limit in limits if limit is not None), default=None),
        latest=now + wire.MAX_CLOCK_AHEAD,
    )


def labelled(flows: Flows, sensor: Sensor) -> Flows:
    """The flows with the labels that a row alone decides, whatever was sent, our own canaries excepted: sources that cannot
    exist on the Internet (those of a scenario can, where its own sensors see them), then ICMP errors, which are backscatter."""
    keys = source_keys(flows.src)
    bogon = bogon_mask(keys) & ~scenario_mask(keys) if sensor.is_scenario else bogon_mask(keys)
    backscatter = are_icmp_errors(flows["protocol"], flows["port"])
    sent = flows["signature"]
    signature = np.select(
        [sent == Signature.CANARY, bogon, backscatter], [int(Signature.CANARY), int(Signature.BOGON), int(Signature.BACKSCATTER)], sent
    )
    return replace(flows, numbers={**flows.numbers, "signature": signature})


def _store(sensor: Sensor, uuid: UUID, digest: bytes, header: Header, flows: Flows) -> Receipt | None:
    """Claim, COPY, marks, commit. None when the id was claimed by somebody else meanwhile."""
    packets = int(flows["packets"].sum())
    with transaction.atomic(), connection.wrap_database_errors, connection.cursor() as cursor:
        claim = (sensor.pk, uuid, digest, header.start, header.end, header.sequence, len(flows), packets)
        cursor.execute(_CLAIM, [*claim, json.dumps(header.raw)])
        claimed = cursor.fetchone()
        if claimed is None:
            return None
        copying.copy_flows(cursor, flows, sensor_id=sensor.pk, batch_id=claimed[0])
        copying.copy_samples(cursor, flows, sensor_id=sensor.pk, batch_id=claimed[0])
        raise_marks(cursor, [(sensor.pk, day) for day in reporting_days(header.start, header.end)])
    return Receipt(is_new=True, flows=len(flows), packets=packets)


def reporting_days(start: datetime, end: datetime) -> list[date]:
    """The reporting days that a batch or heartbeat of [start, end) changes: all of them, because a day without flows
    changes too, from not covered to nothing seen."""
    first_minute = start.replace(second=0, microsecond=0)  # flows are kept by the minute
    return list(Period(first_minute, end, settings.REPORT_TIME_ZONE).days())


def _newest_packet(flows: Flows) -> datetime | None:
    return datetime.fromtimestamp(int(flows["last_seen"].max()) / 1000, UTC) if len(flows) else None


# Heartbeats


def accept_heartbeat(*, key: SensorKey, body: bytes) -> bool:
    """Keep a heartbeat; → whether it was new. RowsError (422) names what is wrong with it."""
    now = timezone.now()
    heartbeat = wire.parse_heartbeat(body, earliest=_limits(key).earliest, latest=now + wire.MAX_CLOCK_AHEAD)
    with transaction.atomic(), connection.cursor() as cursor:
        _row, is_new = record_heartbeat(sensor=key.sensor, start=heartbeat.start, end=heartbeat.end, report=heartbeat.raw)
        if is_new and decides_coverage(heartbeat.start, heartbeat.end, now):
            raise_marks(cursor, [(key.sensor.pk, day) for day in reporting_days(heartbeat.start, heartbeat.end)])
    return is_new


def decides_coverage(start: datetime, end: datetime, now: datetime) -> bool:
    """Whether a heartbeat can decide if an hour counts as watched, so that its day is worth rolling up again.

    That is where it reaches minute 50 or the end of an hour: twice an hour instead of twelve times. A late one
    always may."""
    decisive = timedelta(minutes=COVERED_MINUTES)
    reaches = any(_hour(start - offset) != _hour(end - offset) for offset in (decisive, timedelta(0)))
    return reaches or now - end > timedelta(hours=1)


def _hour(moment: datetime) -> int:
    return int(moment.timestamp()) // 3600
