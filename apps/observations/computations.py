"""What people ask to have computed: started once for a person and a question, and seen by that person alone."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.common.errors import DomainError
from apps.observations import tasks
from apps.observations.models import Computation
from apps.observations.planning.needed import LongRead

MOST = 8  # unfinished ones of a person
RETRY_S = 600  # after a failure
State = Computation.State


class TooManyComputationsError(DomainError):
    status = 429
    code = "too_many_computations"

    def __init__(self) -> None:
        super().__init__(_("%(most)d views of yours are being computed. Wait until one is done.") % {"most": MOST})


def start(user: User, reads: Iterable[LongRead]) -> list[Computation]:
    """The computations of these reads, started unless they are under way or have just failed."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        found = [_started(user, read) for read in reads]
        if Computation.objects.filter(asked_by=user, state__in=Computation.UNFINISHED).count() > MOST:
            raise TooManyComputationsError
    return found


def of(user: User, uuids: Sequence[UUID]) -> list[Computation]:
    """Those of these computations that this person asked for."""
    return list(Computation.objects.filter(asked_by=user, pk__in=uuids).order_by("created_at"))


def cancel(user: User, uuid: UUID) -> bool:
    """Forget a computation; what has been read is kept. False where this person asked for no such one."""
    return bool(Computation.objects.filter(asked_by=user, pk=uuid).delete()[0])


def _started(user: User, read: LongRead) -> Computation:
    spec, days = read.spec.as_json(), list(read.days)
    digest = hashlib.sha256(json.dumps([spec, days, read.columns], default=str).encode()).digest()
    computation, is_new = Computation.objects.get_or_create(
        asked_by=user, digest=digest, defaults={"spec": spec, "days": days, "columns": read.columns, "total": len(days)}
    )
    if not is_new and not _is_to_start_again(computation):
        return computation
    if not is_new:
        computation.state, computation.done, computation.error, computation.finished_at = State.QUEUED, 0, "", None
        computation.save()
    transaction.on_commit(partial(tasks.compute.delay, str(computation.pk)))
    return computation


def _is_to_start_again(computation: Computation) -> bool:
    """Whoever asks although it is done needs what has changed since."""
    if computation.state == State.FAILED and computation.finished_at:
        return computation.finished_at < timezone.now() - timedelta(seconds=RETRY_S)
    return not computation.is_unfinished
