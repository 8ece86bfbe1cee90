"""Reading ahead what a view needs (`planning/longreads.py`), a slice of seconds at a time, so that rollup gets its turn and
a worker that dies loses one chunk. All of it may run twice or side by side: a chunk that is kept is not read again."""

import time
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.common.errors import DomainError
from apps.observations.models import Computation, KeptRows
from apps.observations.planning import keptrows, longreads
from apps.observations.planning.longreads import Chunk
from apps.observations.planning.needed import LongRead
from apps.observations.planning.reading import TooMuchError, reading
from apps.observations.planning.rowspecs import RowSpec
from apps.observations.storage.columns import length
from apps.observations.storage.segments import TooManyRowsError

KEEP_DAYS = 7  # rows read ahead, after they were read
FORGET_DAYS = 30  # that somebody asked
SILENT_S = 180  # a computation that has not moved for so long lost its worker
State = Computation.State

_KEEP = """
INSERT INTO observations_keptrows (digest, stamp, rows, body, made_at) VALUES (%s, %s, %s, %s, now())
ON CONFLICT (digest) DO UPDATE SET stamp = excluded.stamp, rows = excluded.rows, body = excluded.body, made_at = now()
"""


def advance(uuid: UUID, limit_s: float) -> bool:
    """Read ahead for at most about `limit_s` seconds; whether something is left to do. Nothing happens to a computation that
    has ended or was cancelled."""
    computation = Computation.objects.filter(pk=uuid, state__in=Computation.UNFINISHED).first()
    if computation is None:
        return False
    try:
        return _advance(computation, time.monotonic() + limit_s)
    except (TooManyRowsError, TooMuchError):
        end(uuid, State.FAILED, "too_many")
    except DomainError as error:
        end(uuid, State.FAILED, error.code)
    return False


def end(uuid: UUID, state: Computation.State, error: str = "") -> None:
    """Unless it has ended already."""
    Computation.objects.filter(pk=uuid, state__in=Computation.UNFINISHED).update(state=state, error=error, finished_at=timezone.now())


def expire() -> None:
    """Throw away rows that were read long ago, and who asked for them even later."""
    now = timezone.now()
    KeptRows.objects.filter(made_at__lt=now - timedelta(days=KEEP_DAYS)).delete()
    Computation.objects.filter(state=State.DONE, finished_at__lt=now - timedelta(days=KEEP_DAYS)).update(state=State.EXPIRED)
    Computation.objects.filter(touched_at__lt=now - timedelta(days=FORGET_DAYS)).delete()


def silent() -> list[UUID]:
    """Unfinished computations of which nothing was heard for a while."""
    since = timezone.now() - timedelta(seconds=SILENT_S)
    return list(Computation.objects.filter(state__in=Computation.UNFINISHED, touched_at__lt=since).values_list("pk", flat=True))


def _advance(computation: Computation, deadline: float) -> bool:
    read = LongRead(
        RowSpec.from_json(computation.spec), tuple(computation.days), None if computation.columns is None else tuple(computation.columns)
    )
    with reading():
        chunks = longreads.chunks(read)
        kept = longreads.kept_rows(chunks)
    for number, chunk in enumerate(missing := [chunk for chunk in chunks if chunk.digest not in kept]):
        if number and time.monotonic() > deadline:  # at least one chunk a slice, or it might never end
            return True
        kept[chunk.digest] = _keep(chunk, read)
        _require_few(kept)
        if not _tell(computation, missing[number + 1 :]):
            return False
    _require_few(kept)
    Computation.objects.filter(pk=computation.pk).update(done=computation.total)
    end(computation.pk, State.DONE)
    return False


def _keep(chunk: Chunk, read: LongRead) -> int:
    """Read and keep one chunk; how many rows it has. A day that is rolled up meanwhile changes the stamp, so what was kept
    of it does not count."""
    with reading():
        frame = longreads.compute(chunk, read.columns)
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [chunk.digest, chunk.stamp, length(frame), keptrows.encode(frame)])
    return length(frame)


def _require_few(kept: dict[bytes, int]) -> None:
    if sum(kept.values()) > longreads.KEPT_ROWS:
        raise TooManyRowsError("more than an answer takes")


def _tell(computation: Computation, left: list[Chunk]) -> bool:
    """Say how far it is; False where it was cancelled or has ended."""
    days = computation.total - sum(len(chunk.days) for chunk in left)
    running = Computation.objects.filter(pk=computation.pk, state__in=Computation.UNFINISHED)
    return bool(running.update(state=State.RUNNING, done=days, touched_at=timezone.now()))
