"""The rows in state queued are the queue. Here the most urgent are handed to workers, as many as may be asked now.

A row is under way from `handed_at` on until it has ended. Dispatchers of one kind take turns, so that no two hand out rows of
one block; what they choose between is read by index, however long the queue is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from apps.enrichment import providers
from apps.enrichment.models import FAILED, State
from apps.enrichment.providers import Room
from apps.enrichment.queueing.running import GIVE_UP_AFTER, LOST_AFTER, AnyKind

Hand = Callable[[str, int], object]  # the kind's name and the row's id, to the broker
READ_AT_ONCE = 256


def dispatch(kind: AnyKind, hand: Hand, lanes: Iterable[str] | None = None) -> int:
    """Hand out what may be asked now, of all lanes or of these; → how many rows. Not inside a transaction."""
    providers_by_lane = kind.providers()
    wanted = dict(providers_by_lane) if lanes is None else {lane: providers_by_lane[lane] for lane in lanes}
    handed = 0
    while wanted:
        chosen, wanted = _take(kind, wanted)
        _hand_all(kind, chosen, hand)
        handed += len(chosen)
    return handed


def _hand_all(kind: AnyKind, chosen: Sequence[int], hand: Hand) -> None:
    """What the broker does not take waits for its turn again."""
    for index, lookup_id in enumerate(chosen):
        try:
            hand(kind.name, lookup_id)
        except Exception:
            kind.model.objects.filter(pk__in=chosen[index:], state=State.QUEUED).update(handed_at=None)
            raise


@transaction.atomic
def _take(kind: AnyKind, lanes: Mapping[str, str]) -> tuple[list[int], dict[str, str]]:
    """Mark rows as handed, at most one of a block; → their ids, most urgent first, and the lanes worth another look."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"lookups:{kind.name}"])
    under_way = list(kind.model.objects.filter(handed_at__isnull=False).values_list(kind.lane_field, kind.block_field))
    rooms = providers.rooms(set(lanes.values()))
    blocks = {block for _of, block in under_way}
    chosen: list[int] = []
    again: dict[str, str] = {}
    for lane, provider in lanes.items():
        of_lane, is_cut_short = _of_lane(kind, lane, rooms[provider], sum(other == lane for other, _b in under_way), blocks)
        chosen += of_lane
        if of_lane and is_cut_short:
            again[lane] = provider
    if chosen:
        kind.model.objects.filter(pk__in=chosen).update(handed_at=timezone.now())
    return chosen, again


def _of_lane(kind: AnyKind, lane: str, room: Room, under_way: int, blocks: set[str]) -> tuple[list[int], bool]:
    """The most urgent rows of one lane, and whether there is room for more and may be more; adds their blocks to `blocks`."""
    chosen: list[int] = []
    if under_way >= room.for_tickets:
        return chosen, False
    waiting = _waiting(kind, lane, blocks)
    for lookup_id, priority, block in waiting:
        if block not in blocks and under_way + len(chosen) < room.of(priority):
            chosen.append(lookup_id)
            blocks.add(block)
    return chosen, len(waiting) == READ_AT_ONCE and under_way + len(chosen) < room.for_others


def _waiting(kind: AnyKind, lane: str, blocks: set[str]) -> list[tuple[int, int, str]]:
    """(id, priority, block) of the next rows of a lane that nobody else holds."""
    may_be_tried = Q(next_try_at__isnull=True) | Q(next_try_at__lte=timezone.now())
    waiting = kind.model.objects.select_for_update(skip_locked=True).filter(
        may_be_tried, state=State.QUEUED, handed_at__isnull=True, **{kind.lane_field: lane}
    )
    return list(
        waiting.exclude(**{f"{kind.block_field}__in": blocks})
        .order_by("priority", "queued_at")
        .values_list("pk", "priority", kind.block_field)[:READ_AT_ONCE]
    )


def recover(kind: AnyKind) -> int:
    """Queue again what failed and is due, and what lost its worker or its message; → how many rows. A look-up that loses its
    worker every time must not do so for ever, so that counts as a failure."""
    now = timezone.now()
    rows = kind.model.objects
    again: dict[str, Any] = {"state": State.QUEUED, "handed_at": None, "next_try_at": None}
    orphans = rows.filter(state=State.RUNNING, started_at__lt=now - LOST_AFTER)
    hopeless = {"state": State.ERROR, "handed_at": None, "error": _("The look-up lost its worker every time."), "error_detail": ""}
    orphans.filter(attempts__gte=GIVE_UP_AFTER).update(**hopeless)
    count = orphans.update(**again, attempts=F("attempts") + 1)
    count += rows.filter(state=State.QUEUED, handed_at__lt=now - LOST_AFTER).update(**again)
    return count + rows.filter(state__in=FAILED, next_try_at__lte=now, attempts__lt=GIVE_UP_AFTER).update(**again, queued_at=now)
