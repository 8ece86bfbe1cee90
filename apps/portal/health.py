"""Whether every part of the portal works: GET /healthz, for supervision. Says nothing about the data, needs no login."""

from collections.abc import Callable
from datetime import timedelta

from django.core.cache import cache
from django.db import Error, connection
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError
from redis import RedisError

from apps.observations.models import Fill, Mark
from tsubame_portal.celery import app

STALE_AFTER = timedelta(minutes=5)
DATABASE_TIMEOUT_MS = 2000
WORKER_TIMEOUT_S = 1.0
# A ping goes to every worker and waits for one, so callers within this time share its answer.
WORKER_CACHE_S = 3


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 {"status": "ok"}, or 503 naming what is wrong; at most about four seconds."""
    problems = {name: problem for name, check in CHECKS.items() if (problem := check())}
    parts = {"web": "ok"} | {name: problems.get(name, "ok") for name in CHECKS}
    return JsonResponse({"status": "failing" if problems else "ok", "parts": parts}, status=503 if problems else 200)


def stale_marks() -> QuerySet[Mark]:
    """Sensor-days whose counts are older than their data."""
    rolled = Fill.objects.filter(sensor=OuterRef("sensor"), day=OuterRef("day")).values("rolled_version")[:1]
    return Mark.objects.annotate(rolled=Subquery(rolled)).filter(Q(rolled=None) | Q(version__gt=F("rolled")))


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return "does not answer"
    return ""


def _rollup() -> str:
    """Failing while a mark has been ahead of its fill for longer than STALE_AFTER."""
    try:
        late = _count_late()
    except Error:
        return "unknown, because the database does not answer"
    return f"sensor-days that have waited over {STALE_AFTER.seconds // 60} minutes to be counted: {late}" if late else ""


def _count_late() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [str(DATABASE_TIMEOUT_MS)])
        try:
            return stale_marks().filter(raised_at__lt=timezone.now() - STALE_AFTER).count()
        finally:
            cursor.execute("RESET statement_timeout")


def _redis() -> str:
    try:
        cache.get("healthz")
    except (RedisError, OSError):
        return "does not answer"
    return ""


def _worker() -> str:
    try:
        answer = cache.get("healthz-worker")
        if answer is None:
            answer = "" if app.control.ping(timeout=WORKER_TIMEOUT_S, limit=1) else "does not answer"
            cache.set("healthz-worker", answer, WORKER_CACHE_S)
        return str(answer)
    except (RedisError, OperationalError, OSError):
        return "unknown, because Redis does not answer"


CHECKS: dict[str, Callable[[], str]] = {"database": _database, "redis": _redis, "worker": _worker, "rollup": _rollup}
