"""The real sample in a database: the ingest service, rollup and region snapshot of the portal, without HTTP between."""

from datetime import timedelta
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).resolve().parent.parent / "apps/observations/sample/marx-2013.csv.xz"
GAP = timedelta(hours=6)
DOMESTIC = "tokyo"  # the part of a sensor's name that makes it a domestic one


def load(path: Path = SAMPLE) -> int:
    """Ingest and roll up a log of the honeypot's format in a migrated database without sensors; → number of packets."""
    from apps.observations.importers import batching, marx
    from apps.observations.importers.batching import Source
    from apps.observations.importers.packets import flows_by_sensor
    from apps.reference.services import load_shipped_delegations

    load_shipped_delegations()
    packets = marx.read(path)
    for name, flows in flows_by_sensor(packets).items():
        source, key = Source(name, packets.digest, "marx", GAP, True), _key(name)
        for number, span in enumerate(batching.cut(flows, GAP)):
            _ingest(key, source.batch_id(number), batching.encode(source, flows, span, number))
    roll_up()
    return len(packets.at)


def roll_up() -> None:
    """Every stale day, every month that can be closed, and when sources were seen before."""
    from django.db import connection

    from apps.observations.counting import months, recency
    from apps.observations.counting.rollup import roll_day

    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT day FROM observations_mark ORDER BY day")
        days = [day for (day,) in cursor.fetchall()]
    for day in days:
        roll_day(day)
    for month in months.months_to_close():
        months.close_month(month)
    for _built in recency.build():
        pass


def _key(name: str) -> Any:
    from apps.accounts.models import Organisation
    from apps.sensors.models import Sensor, SensorKey

    host, _made = Organisation.objects.get_or_create(name="Honeypot", defaults={"kind": Organisation.Kind.SENSOR_HOST})
    sensor = Sensor.objects.create(
        name=name, organisation=host, country="JP" if DOMESTIC in name else "US", is_overseas=DOMESTIC not in name, active_from="2013-03-01"
    )
    key, _plain = SensorKey.objects.create_key(name=name, sensor=sensor, may_import=True)
    return key


def _ingest(key: Any, uuid: Any, body: bytes) -> None:
    from apps.observations import services
    from apps.observations.intake import wire

    services.ingest_batch(key=key, uuid=uuid, body=body, media_type=wire.ARROW, encoding="zstd")
