"""What checking a sensor's key costs a request: `python -m bench.sensor_keys`.

Beside it, in the same run, the reading of one row by primary key and the hash a password would need.
"""

import statistics
import time
from collections.abc import Callable

from bench.database import empty_database

ROUNDS = 500
KEYS = 200


def main() -> None:
    with empty_database("keys"):
        from django.contrib.auth.hashers import make_password

        from apps.sensors.authentication import find_key
        from apps.sensors.models import Sensor

        secret = _keys()[KEYS // 2]
        sensor_id = Sensor.objects.values_list("pk", flat=True)[KEYS // 2]
        check = _median_ms(lambda: find_key(secret), ROUNDS)
        one_row = _median_ms(lambda: Sensor.objects.get(pk=sensor_id), ROUNDS)
        password = _median_ms(lambda: make_password("correct horse battery staple"), 5)
    print(f"key check among {KEYS} keys: {check:.2f} ms; {check / one_row:.1f} × reading one row; {check / password:.4f} × an Argon2 hash")


def _keys() -> list[str]:
    from datetime import date

    from apps.accounts.models import Organisation
    from apps.sensors.models import Sensor
    from apps.sensors.services import add_key

    own = Organisation.objects.create(name="Bench", kind=Organisation.Kind.OWN_CSIRT)
    sensors = [
        Sensor.objects.create(name=f"bench-{number}", organisation=own, country="JP", active_from=date(2026, 1, 1))
        for number in range(KEYS)
    ]
    return [add_key(sensor=sensor)[1] for sensor in sensors]


def _median_ms(call: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
