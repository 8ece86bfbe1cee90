"""What was asked of a provider on a UTC day, counted before the query is sent: never more than its budget, whatever crashes."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.db.models import F
from django.utils import timezone

from apps.enrichment.limits import Limit
from apps.enrichment.models import ProviderDay

_COUNT = """
INSERT INTO enrichment_providerday AS today (provider_id, day, asked, asked_for_tickets, failed)
SELECT %(provider)s, %(day)s, 1, %(tickets)s, 0 WHERE {first}
ON CONFLICT (provider_id, day) DO UPDATE SET asked = today.asked + 1, asked_for_tickets = today.asked_for_tickets + %(tickets)s
WHERE {more}
"""
_FREE = _COUNT.format(first="true", more="true")
_FOR_TICKET = _COUNT.format(first="%(budget)s > 0", more="today.asked < %(budget)s")
_FOR_OTHERS = _COUNT.format(
    first="%(for_others)s > 0", more="today.asked < %(budget)s AND today.asked - today.asked_for_tickets < %(for_others)s"
)


def today() -> date:
    return timezone.now().astimezone(UTC).date()


def seconds_to_tomorrow() -> int:
    now = timezone.now().astimezone(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return int((midnight - now).total_seconds()) + 1


def count(provider: str, limit: Limit, *, for_ticket: bool) -> bool:
    """Count one query, unless the day's budget forbids it; → whether it may be sent. One statement, for any number of workers."""
    statement = _FREE if limit.per_day is None else _FOR_TICKET if for_ticket else _FOR_OTHERS
    values: dict[str, str | int | date | None] = {"provider": provider, "day": today(), "tickets": int(for_ticket)}
    values |= {"budget": limit.per_day, "for_others": limit.per_day_for_others}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount == 1


def count_failure(provider: str) -> None:
    ProviderDay.objects.filter(provider=provider, day=today()).update(failed=F("failed") + 1)


def days(providers: Collection[str]) -> dict[str, ProviderDay]:
    """What was asked today, by provider; those that were not asked are left out."""
    return {row.provider_id: row for row in ProviderDay.objects.filter(provider__in=providers, day=today())}


def left(limit: Limit, day: ProviderDay | None, *, for_ticket: bool) -> int | None:
    """How many queries the day's budget still allows; None where there is none."""
    if limit.per_day is None or limit.per_day_for_others is None:
        return None
    asked, for_tickets = (day.asked, day.asked_for_tickets) if day else (0, 0)
    all_left = max(0, limit.per_day - asked)
    return all_left if for_ticket else max(0, min(all_left, limit.per_day_for_others - (asked - for_tickets)))
