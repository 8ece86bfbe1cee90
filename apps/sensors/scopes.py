"""Which sensors a figure may draw on."""

from dataclasses import dataclass

from apps.sensors.models import Panel


@dataclass(frozen=True)
class SensorScope:
    """The sensors a viewer may see and chose. Made by `apps.sensors.queries.scope_for` only, so no query can forget it.

    `panels` is set when the choice is exactly one or both panels of the whole network and the viewer may read
    network counts; the planner then answers from network rows and never from single sensors' names.
    """

    sensor_ids: tuple[int, ...]
    panels: tuple[Panel, ...] = ()
    label: str = "all"  # all | domestic | overseas | scenario | scenario-domestic | scenario-overseas | chosen | scenario-chosen
    may_name_sensors: bool = False
    # True for a partner who reads network counts: sums over these sensors only, no split by sensor, no source addresses.
    is_aggregate_only: bool = False
    is_scenario: bool = False  # generated flows; a scope holds those sensors alone or none of them

    @property
    def cache_key(self) -> str:
        return f"{self.sensor_ids}{self.panels}{self.is_aggregate_only}"
