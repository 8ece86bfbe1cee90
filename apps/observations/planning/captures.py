"""What a sensor said of its own capture: losses, program, what waits on its disk."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apps.common.periods import Period
from apps.observations.planning.together import Read, fetch

_BATCHES = """
SELECT count(*), coalesce(sum((header->'capture'->>'received')::numeric), 0)::bigint,
       coalesce(sum((header->'capture'->>'dropped')::numeric), 0)::bigint, max((header->'capture'->>'sampling')::numeric)::bigint
FROM observations_batch WHERE sensor_id = %s AND start >= %s AND start < %s
"""
_AGENT = """
SELECT convert_to(concat_ws(' ', header->'agent'->>'name', header->'agent'->>'version'), 'UTF8') FROM observations_batch
WHERE sensor_id = %s AND jsonb_exists(header, 'agent') ORDER BY start DESC LIMIT 1
"""
_HEARTBEAT = """
SELECT (extract(epoch FROM "end") * 1000000)::bigint, (report->>'spool_batches')::numeric::bigint FROM sensors_heartbeat
WHERE sensor_id = %s ORDER BY start DESC LIMIT 1
"""

# Constants only are put in.
_ALL = f"""
SELECT batches.*, beat.*, agent.*
FROM ({_BATCHES}) AS batches LEFT JOIN ({_HEARTBEAT}) AS beat ON true LEFT JOIN ({_AGENT}) AS agent ON true
"""  # noqa: S608
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Capture:
    """Packets that the capture saw and lost in the batches that began in a period; `sampling` is the coarsest 1-in-n. The
    program is that of the newest batch, the number of batches waiting to be sent that of the newest heartbeat; '' and None
    where nothing is known."""

    batches: int
    received: int
    dropped: int
    sampling: int | None
    agent: str
    heartbeat_at: datetime | None
    spooled: int | None

    @property
    def loss(self) -> float | None:
        """Share of the packets that were lost; None where the sensor does not count."""
        whole = self.received + self.dropped
        return self.dropped / whole if whole else None


def capture_of(sensor: int, period: Period) -> Capture:
    """One query, shared with others asked together."""
    parameters = [sensor, period.start, period.end, sensor, sensor]
    [(batches, received, dropped, sampling, beat, spooled, agent)] = fetch(Read(_ALL, parameters, 6, has_body=True))
    heartbeat_at = None if beat is None else _EPOCH + timedelta(microseconds=beat)
    return Capture(batches, received, dropped, sampling, bytes(agent or b"").decode(), heartbeat_at, spooled)
