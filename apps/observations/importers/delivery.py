"""A log, sent to a portal as its sensors would have sent it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from apps.observations.importers import batching
from apps.observations.importers.batching import Source, Span
from apps.observations.importers.client import Answer, DeliveryError, Portal
from apps.observations.importers.packets import PacketFlows, Packets, flows_by_sensor


@dataclass
class Tally:
    """What became of the batches of one sensor."""

    sensor: str
    packets: int
    flows: int
    new: int = 0
    known: int = 0
    rejected: list[str] = field(default_factory=list)

    @property
    def batches(self) -> int:
        return self.new + self.known + len(self.rejected)

    def count(self, span: Span, answer: Answer) -> None:
        if answer.status == 201:
            self.new += 1
        elif answer.status in {200, 409}:  # 409: delivered before by a program that compresses otherwise
            self.known += 1
        else:
            self.rejected.append(f"batch {self.batches} (from {span.start} to {span.end}): {answer.status} {answer.body}")


def deliver(packets: Packets, *, url: str, keys: dict[str, str], format: str, gap: timedelta) -> Iterator[tuple[Tally, int]]:
    """Send everything, sensor by sensor; yields the tally after each batch and the number of batches of its sensor.

    `keys` maps a sensor's name to its key; the name '' serves a log of one sensor. DeliveryError where a key is
    missing or refused, or the portal stays away. Running again sends the same batches under the same ids.
    """
    names_sensor = "" not in keys
    missing = [name for name in packets.sensors if names_sensor and name not in keys]
    if missing or (not names_sensor and len(packets.sensors) > 1):
        raise DeliveryError(f"No key for {', '.join(missing or packets.sensors)}; write a line 'name key' for each sensor.")
    for sensor, flows in flows_by_sensor(packets).items():
        source = Source(sensor, packets.digest, format, gap, names_sensor)
        portal = Portal(url, keys[sensor] if names_sensor else keys[""])
        try:
            yield from _deliver_sensor(portal, source, flows)
        finally:
            portal.close()


def _deliver_sensor(portal: Portal, source: Source, flows: PacketFlows) -> Iterator[tuple[Tally, int]]:
    tally = Tally(source.sensor, int(flows["packets"].sum()), len(flows))
    spans = list(batching.cut(flows, source.gap))
    for number, span in enumerate(spans):
        tally.count(span, portal.put(source.batch_id(number), batching.encode(source, flows, span, number)))
        yield tally, len(spans)


def parse_keys(text: str) -> dict[str, str]:
    """Keys by sensor from lines 'name key'; one key alone stands under the name ''. ValueError for anything else."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) == 1 and len(lines[0]) == 1:
        return {"": lines[0][0]}
    if not lines or any(len(line) != 2 for line in lines):
        raise ValueError("write a line 'name key' for each sensor, or one key alone")
    return {line[0]: line[1] for line in lines}
