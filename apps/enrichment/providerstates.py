"""How each provider fares now, and its queue: what the page and the API of providers show."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, F, TextChoices, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.enrichment import breakers, budgets, pacing
from apps.enrichment.limits import Limit, limit_of, off_reason
from apps.enrichment.models import Priority, Provider, ProviderDay, ProviderError, State
from apps.enrichment.queueing.running import AnyKind
from apps.enrichment.queues import KINDS

DAYS = 7
SHOWN_ERRORS = 5


class Standing(TextChoices):
    """Whether a provider is asked."""

    WORKING = "working", _("in use")
    OFF = "off", _("not in use here")
    PAUSED = "paused", _("paused by a person")
    HELD_BACK = "held_back", _("held back at its own wish")
    OPEN = "open", _("left alone after failures")
    TRIAL = "trial", _("to be tried again")
    USED_UP = "used_up", _("budget of the day used up")


@dataclass(frozen=True)
class DayCount:
    day: date  # UTC
    asked: int
    failed: int


@dataclass(frozen=True)
class ErrorSample:
    at: datetime
    address: str
    state: State
    message: str


@dataclass(frozen=True)
class ProviderState:
    """`until` is when a provider that is not asked may be asked again, None where nobody can say. `budget` and what is left of
    it are queries of this UTC day, None without a budget; of `left`, `left_for_others` may go to others than tickets."""

    name: str
    standing: Standing
    reason: str
    until: datetime | None
    waiting: dict[Priority, int]
    in_flight: int
    per_minute: int
    taken: int  # in the last minute
    budget: int | None
    reserve: int
    left: int | None
    left_for_others: int | None
    days: tuple[DayCount, ...]  # the last seven, oldest first; the last is today
    errors: tuple[ErrorSample, ...]
    last_success_at: datetime | None
    last_failure_at: datetime | None

    @property
    def all_waiting(self) -> int:
        return sum(self.waiting.values())

    @property
    def today(self) -> DayCount:
        return self.days[-1]

    @property
    def is_paused(self) -> bool:
        return self.standing is Standing.PAUSED


def provider_states() -> list[ProviderState]:
    """All providers by name. At most twelve queries, however long the queue."""
    rows = {row.name: row for row in Provider.objects.select_related("paused_by")}
    wanted = {name for kind in KINDS.values() for name in kind.providers().values()} | set(rows)
    waiting, in_flight = _queues()
    days, errors = _days(wanted), _errors(wanted)
    held, taken = pacing.paused_until(wanted), pacing.turns_taken(wanted)
    return [
        _state(name, rows.get(name), waiting[name], in_flight[name], days[name], errors[name], held.get(name), taken[name])
        for name in sorted(wanted)
    ]


def _queues() -> tuple[dict[str, Counter[int]], Counter[str]]:
    """Rows that wait, by provider and priority, and those that are under way."""
    waiting: dict[str, Counter[int]] = defaultdict(Counter)
    in_flight: Counter[str] = Counter()
    for kind in KINDS.values():
        by_lane = kind.providers()
        for lane, priority, count in _counts(kind, "priority", state=State.QUEUED, handed_at__isnull=True):
            waiting[by_lane[lane]][priority] += count
        for lane, count in _counts(kind, handed_at__isnull=False):
            in_flight[by_lane[lane]] += count
    return waiting, in_flight


def _counts(kind: AnyKind, *by: str, **which: object) -> Iterable[tuple]:
    rows = kind.model.objects.filter(**which, **{f"{kind.lane_field}__in": list(kind.providers())})
    return rows.order_by().values_list(kind.lane_field, *by).annotate(Count("pk"))


def _days(wanted: Collection[str]) -> dict[str, dict[date, ProviderDay]]:
    found: dict[str, dict[date, ProviderDay]] = defaultdict(dict)
    for row in ProviderDay.objects.filter(provider__in=wanted, day__gt=budgets.today() - timedelta(days=DAYS)):
        found[row.provider_id][row.day] = row
    return found


def _errors(wanted: Collection[str]) -> dict[str, tuple[ErrorSample, ...]]:
    number = Window(RowNumber(), partition_by=F("provider"), order_by=[F("at").desc(), F("pk").desc()])
    newest = ProviderError.objects.filter(provider__in=wanted).annotate(number=number).filter(number__lte=SHOWN_ERRORS)
    found: dict[str, tuple[ErrorSample, ...]] = defaultdict(tuple)
    for row in newest.order_by("-at", "-pk"):
        message = gettext(row.message) % {"detail": row.detail} if row.message else ""
        found[row.provider_id] += (ErrorSample(row.at, row.address, State(row.state), message),)
    return found


def _state(
    name: str,
    row: Provider | None,
    waiting: Counter[int],
    in_flight: int,
    days: dict[date, ProviderDay],
    errors: tuple[ErrorSample, ...],
    held: datetime | None,
    taken: int,
) -> ProviderState:
    limit, today = limit_of(name), budgets.today()
    standing, reason, until = _standing(name, row, limit, days.get(today), held)
    return ProviderState(
        name=name,
        standing=standing,
        reason=reason,
        until=until,
        waiting={priority: waiting[priority] for priority in Priority},
        in_flight=in_flight,
        per_minute=limit.per_minute,
        taken=taken,
        budget=limit.per_day,
        reserve=limit.reserve,
        left=budgets.left(limit, days.get(today), for_ticket=True),
        left_for_others=budgets.left(limit, days.get(today), for_ticket=False),
        days=tuple(_day_count(today - timedelta(days=back), days) for back in reversed(range(DAYS))),
        errors=errors,
        last_success_at=row.last_success_at if row else None,
        last_failure_at=row.last_failure_at if row else None,
    )


def _day_count(day: date, days: dict[date, ProviderDay]) -> DayCount:
    return DayCount(day, days[day].asked, days[day].failed) if day in days else DayCount(day, 0, 0)


def _standing(
    name: str, row: Provider | None, limit: Limit, today: ProviderDay | None, held: datetime | None
) -> tuple[Standing, str, datetime | None]:
    """With the reason, '' where the state says it all, and when it ends."""
    now = timezone.now()
    if off := off_reason(name):
        return Standing.OFF, gettext(off), None
    if row and row.is_paused:
        return Standing.PAUSED, _who_paused(row), None
    if held:
        return Standing.HELD_BACK, "", held
    if row and (until := breakers.open_until(row, now)):
        return Standing.OPEN, gettext("%(count)d failures in a row") % {"count": row.failures_in_a_row}, until
    if row and breakers.needs_trial(row, now):
        return Standing.TRIAL, gettext("%(count)d failures in a row") % {"count": row.failures_in_a_row}, None
    if budgets.left(limit, today, for_ticket=True) == 0:
        return Standing.USED_UP, "", now + timedelta(seconds=budgets.seconds_to_tomorrow())
    return Standing.WORKING, "", None


def _who_paused(row: Provider) -> str:
    who = row.paused_by.get_username() if row.paused_by else ""
    return f"{row.pause_reason} ({who})" if who else row.pause_reason
