"""The circuit breaker of a provider: after failures in a row nothing is asked for a time, then one query first."""

from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from apps.enrichment.models import Provider

OPEN_AFTER = 5  # failures in a row
FIRST_OPEN = timedelta(minutes=5)  # doubled by each trial that fails
LONGEST_OPEN = timedelta(hours=1)
TRIAL_FOR = timedelta(minutes=2)  # longer than a look-up may take; a trial whose worker died is followed by another


def open_until(provider: Provider, now: datetime) -> datetime | None:
    """When the provider may be tried again, None where it is not out of use."""
    return provider.open_until if provider.open_until and provider.open_until > now else None


def needs_trial(provider: Provider, now: datetime) -> bool:
    """Whether the next query decides whether more may follow."""
    return provider.open_until is not None and provider.open_until <= now


def begin_trial(provider: Provider) -> bool:
    """Whether this caller, of all who saw that a trial is needed, makes it."""
    now = timezone.now()
    rows = Provider.objects.filter(pk=provider.pk, open_until=provider.open_until)
    return rows.update(open_until=now + TRIAL_FOR) == 1


def succeeded(name: str) -> None:
    Provider.objects.filter(pk=name).update(failures_in_a_row=0, open_until=None, last_success_at=timezone.now())


def failed(name: str, *, was_trial: bool) -> None:
    """Of queries that were under way when the breaker opened, nothing more is counted."""
    now = timezone.now()
    rows = Provider.objects.filter(pk=name)
    rows.update(last_failure_at=now)
    counting = rows if was_trial else rows.filter(open_until=None)
    if counting.update(failures_in_a_row=F("failures_in_a_row") + 1):
        failures = rows.values_list("failures_in_a_row", flat=True).get()
        if failures >= OPEN_AFTER:
            rows.update(open_until=now + open_for(failures))


def open_for(failures: int) -> timedelta:
    return min(FIRST_OPEN * 2 ** min(failures - OPEN_AFTER, 10), LONGEST_OPEN)
