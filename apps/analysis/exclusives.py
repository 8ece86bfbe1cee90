"""Sources that only the chosen sensors saw: who scans these, or one side of the network, and nobody else."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.common.errors import ParameterError
from apps.observations import queries
from apps.observations.figures import Selection, SourcePage
from apps.observations.planning import keysets
from apps.observations.planning.asks import Ask
from apps.observations.planning.reading import reading
from apps.observations.planning.sourcelists import require_addresses
from apps.observations.planning.together import together
from apps.sensors.models import Panel, Sensor
from apps.sensors.scopes import SensorScope

_OTHER_SIDE = {
    Panel.DOMESTIC: Panel.OVERSEAS,
    Panel.OVERSEAS: Panel.DOMESTIC,
    Panel.SCENARIO_DOMESTIC: Panel.SCENARIO_OVERSEAS,
    Panel.SCENARIO_OVERSEAS: Panel.SCENARIO_DOMESTIC,
}


@dataclass(frozen=True)
class Exclusives:
    """Of the `total` sources that the chosen sensors saw, `count` were seen by none of the `other_sensors`. `page` lists
    them, most packets first."""

    total: int
    count: int
    other_sensors: int
    page: SourcePage

    @property
    def share(self) -> float | None:
        return self.count / self.total if self.total else None


def only_these_sensors(selection: Selection, user: User, cursor: str = "", limit: int = 100) -> Exclusives:
    """Sources that the sensors of a selection saw in its period and the viewer's other sensors did not, both under its
    filters. ParameterError on `sensors` where addresses are not the viewer's to see or no other sensor is left."""
    require_addresses(selection.scope)
    others = other_sensors(selection.scope, user)
    if not others.sensor_ids:
        raise ParameterError("sensors", _("choose some of your sensors, so that there are others to compare them with"))
    with reading():
        seen, elsewhere = together(
            lambda: keysets.everybody(Ask(selection)), lambda: keysets.everybody(Ask(replace(selection, scope=others)))
        )
        only = seen[~keysets.are_in(seen, elsewhere)]
        page = queries.sources(selection, cursor, limit, among=only)
        return Exclusives(len(seen), len(only), len(others.sensor_ids), page)


def other_sensors(scope: SensorScope, user: User) -> SensorScope:
    """The sensors of the same network that the user may see and that are not in the scope. Where the scope is one side
    of the network and served by its counts, so is the other."""
    mine = Sensor.objects.visible_to(user).filter(is_scenario=scope.is_scenario).exclude(pk__in=scope.sensor_ids)
    panels = tuple(_OTHER_SIDE[panel] for panel in scope.panels) if len(scope.panels) == 1 else ()
    ids = tuple(mine.order_by("pk").values_list("pk", flat=True))
    return SensorScope(ids, panels, "chosen", scope.may_name_sensors, is_scenario=scope.is_scenario)
