"""Background work on analysis."""

from celery import shared_task

from apps.analysis.changes import runs


@shared_task(soft_time_limit=1500, time_limit=1800)
def find_changes() -> None:
    """Search for notable changes where a day has been rolled up since the last search."""
    for sensors in runs.SETS:
        runs.search_if_due(sensors)
