"""Changes as pages and API list them: the same question, the same rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, DateField, ExpressionWrapper, Subquery

from apps.accounts.models import User
from apps.analysis.changes import sentences
from apps.analysis.models import Change, ChangeKind, ChangeQuerySet, ChangeSearch, ChangeState
from apps.common.periods import Period, local_day
from apps.observations import params
from apps.observations.params import Parameters

NAMES = frozenset({"kind", "state", "dimension", "limit", "page"})
MAX_PAGE = 1000
RECENT = timedelta(days=14)
OF_ONE_SENSOR = ("largest_share", "narrow")  # what readers of sums are not told


class Kind(StrEnum):
    """A kind of change, or every kind."""

    ANY = "any"
    NEW_IN_TOP = ChangeKind.NEW_IN_TOP.value
    RANK_JUMP = ChangeKind.RANK_JUMP.value
    SPIKE = ChangeKind.SPIKE.value
    STEP = ChangeKind.STEP.value
    TREND = ChangeKind.TREND.value
    WEEKLY_CYCLE = ChangeKind.WEEKLY_CYCLE.value
    BUMPS = ChangeKind.BUMPS.value
    OVERLAP = ChangeKind.OVERLAP.value
    CORRELATION = ChangeKind.CORRELATION.value
    NO_CORRELATION = ChangeKind.NO_CORRELATION.value


class State(StrEnum):
    """What somebody made of a change; `open` is all that was not dismissed."""

    OPEN = "open"
    NEW = ChangeState.NEW.value
    WATCHED = ChangeState.WATCHED.value
    DISMISSED = ChangeState.DISMISSED.value
    ALL = "all"


class About(StrEnum):
    ANY = "any"
    PORT = "port"
    REGION = "region"


@dataclass(frozen=True)
class Wanted:
    """A page of the list. `period` None: whenever; a change belongs to it when any of its days does."""

    sensors: str = "all"
    kind: Kind = Kind.ANY
    state: State = State.OPEN
    about: About = About.ANY
    period: Period | None = None
    limit: int = 50
    page: int = 1

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.limit


@dataclass(frozen=True)
class ChangeRow:
    """One change ready to be read. `basis`: what it rests on; `is_narrow`: on one sensor or a handful of sources. What tells of a
    single sensor, who decided, and why, is for own staff: left out, False or '' for others."""

    id: int
    kind: str
    kind_label: str
    sensors: str
    dimension: str
    subject: str
    label: str
    direction: int
    first: date
    last: date
    score: float
    sentence: str
    basis: tuple[str, ...]
    is_narrow: bool
    state: str
    state_label: str
    decided_by: str
    decided_at: datetime | None
    reason: str
    numbers: Mapping[str, object]


@dataclass(frozen=True)
class ChangeList:
    rows: tuple[ChangeRow, ...]
    total: int
    by_kind: Mapping[str, int]
    as_of: date | None  # the newest day that was searched; None before the first search
    searched_at: datetime | None


def wanted_from(query: Parameters, *, sensors: str = "all", period: Period | None = None, limit: int = 50) -> Wanted:
    """The filters of an address; ParameterError names what is wrong with it."""
    return Wanted(
        sensors=sensors,
        kind=params.choice_from(query, "kind", tuple(Kind), Kind.ANY),
        state=params.choice_from(query, "state", tuple(State), State.OPEN),
        about=params.choice_from(query, "dimension", tuple(About), About.ANY),
        period=period,
        limit=params.limit_from(query, limit),
        page=params.number_from(query, "page", 1, MAX_PAGE),
    )


def changes(user: User | AnonymousUser, wanted: Wanted) -> ChangeList:
    """The changes that a user may see, weightiest first. Three queries."""
    found = _matching(user, wanted)
    by_kind = dict(found.order_by().values_list("kind").annotate(Count("pk")))
    kinds = by_kind if wanted.kind is Kind.ANY else {wanted.kind.value: by_kind.get(wanted.kind.value, 0)}
    if wanted.kind is not Kind.ANY:
        found = found.filter(kind=wanted.kind.value)
    shown = found.select_related("decided_by").order_by("-score", "-last", "pk")[wanted.offset : wanted.offset + wanted.limit]
    search = ChangeSearch.objects.filter(sensors=wanted.sensors).first() if may_see(user) else None
    return ChangeList(
        rows=tuple(row_of(change, user) for change in shown),
        total=sum(kinds.values()),
        by_kind=by_kind,
        as_of=search.as_of if search else None,
        searched_at=search.ran_at if search else None,
    )


def newest(user: User | AnonymousUser, count: int) -> tuple[ChangeRow, ...]:
    """The weightiest changes of the last RECENT days that were searched, dismissed ones aside. One query."""
    searched = ChangeSearch.objects.filter(sensors="all").values("as_of")
    since = ExpressionWrapper(Subquery(searched) - RECENT, DateField())
    found = Change.objects.visible_to(user).filter(sensors="all", last__gt=since).exclude(state=ChangeState.DISMISSED)
    return tuple(row_of(change, user) for change in found.order_by("-score", "-last", "pk")[:count])


def _matching(user: User | AnonymousUser, wanted: Wanted) -> ChangeQuerySet:
    """All filters but that of the kind. What was dismissed, and who watches what, is for own staff."""
    found = Change.objects.visible_to(user).filter(sensors=wanted.sensors)
    if wanted.state is State.OPEN or not _is_staff(user):
        found = found.exclude(state=ChangeState.DISMISSED)
    elif wanted.state is not State.ALL:
        found = found.filter(state=wanted.state.value)
    if wanted.about is not About.ANY:
        found = found.filter(dimension=wanted.about.value)
    if wanted.period:
        first, last = (local_day(at, wanted.period.zone) for at in (wanted.period.start, wanted.period.end - timedelta(microseconds=1)))
        found = found.filter(first__lte=last, last__gte=first)
    return found


def _is_staff(user: User | AnonymousUser) -> bool:
    return isinstance(user, User) and user.is_own_staff


def may_see(user: User | AnonymousUser) -> bool:
    """Whether a user may see any change: they are sums over all sensors."""
    return isinstance(user, User) and user.organisation is not None and (user.is_own_staff or user.organisation.sees_network_counts)


def row_of(change: Change, user: User | AnonymousUser) -> ChangeRow:
    is_staff = _is_staff(user)
    numbers = change.numbers if is_staff else {name: value for name, value in change.numbers.items() if name not in OF_ONE_SENSOR}
    return ChangeRow(
        id=change.pk,
        kind=change.kind,
        kind_label=str(change.get_kind_display()),
        sensors=change.sensors,
        dimension=change.dimension,
        subject=change.subject,
        label=sentences.label(change),
        direction=change.direction,
        first=change.first,
        last=change.last,
        score=change.score,
        sentence=sentences.sentence(change),
        basis=sentences.basis(numbers),
        is_narrow=bool(numbers.get("narrow")),
        state=change.state if is_staff else "",
        state_label=str(change.get_state_display()) if is_staff else "",
        decided_by=change.decided_by.get_username() if is_staff and change.decided_by else "",
        decided_at=change.decided_at if is_staff else None,
        reason=change.reason if is_staff else "",
        numbers=numbers,
    )
