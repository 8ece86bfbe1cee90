"""How often one key may call: per key and minute, counted in the cache. Client addresses play no part."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from apps.sensors.models import SensorKey

logger = logging.getLogger(__name__)
WINDOW_S = 60


class SensorKeyThrottle(BaseThrottle):
    """INGEST_MAX_REQUESTS_PER_MINUTE in each clock minute. Where Redis is down, sensors are let in."""

    clock: Callable[[], float] = staticmethod(time.time)

    def allow_request(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, SensorKey):
            return True
        window = int(self.clock()) // WINDOW_S
        name = f"ingest:{request.auth.prefix}:{window}"
        try:
            cache.add(name, 0, timeout=2 * WINDOW_S)
            return cache.incr(name) <= settings.INGEST_MAX_REQUESTS_PER_MINUTE
        except (RedisError, ValueError) as error:
            logger.warning("Sensor keys are not throttled: %s", error)
            return True

    def wait(self) -> float:
        return WINDOW_S - self.clock() % WINDOW_S
