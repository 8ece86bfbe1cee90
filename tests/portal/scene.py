"""Two weeks of March 2026 as the pages' tests see them: telnet from Japan to everybody, a port of one source, a gap."""

from datetime import UTC, date, datetime, timedelta

from apps.observations.models import Signature
from tests.cast import Cast
from tests.observations import sightings

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 15)  # Monday to the second Sunday
GAP = date(2026, 3, 10)  # no sensor was watching
PERIOD = {"from": "2026-03-02", "to": "2026-03-16"}
JAPANESE, OTHER = "198.51.100.7", "203.0.113.9"


def at(day: date, hour: int = 12) -> datetime:
    """An hour of the reporting day, in Japan."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC) - timedelta(hours=9)


def observed(cast: Cast) -> Cast:
    sightings.delegate("198.51.100.0", "198.51.100.255", "JP")
    for sensor in (cast.sensor, cast.sensor_a, cast.sensor_b):
        sightings.watch_days(sensor, FIRST, GAP - timedelta(days=1))
        sightings.watch_days(sensor, GAP + timedelta(days=1), LAST)
    for n in range(14):
        day = FIRST + timedelta(days=n)
        if day != GAP:
            for sensor in (cast.sensor, cast.sensor_a, cast.sensor_b):
                sightings.see(sensor, at(day), JAPANESE, "tcp/23", packets=n + 1)
    sightings.see(cast.sensor, at(LAST, 13), OTHER, "udp/53", packets=40, signature=Signature.MIRAI)
    sightings.see(cast.sensor_b, at(LAST, 14), "2001:db8:1:2::3", "tcp/445", packets=2)
    sightings.roll_up()
    return cast
