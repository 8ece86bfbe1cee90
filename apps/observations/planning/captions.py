"""What every figure prints beside its numbers, gathered once for a question."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.common.errors import ParameterError
from apps.observations.figures import FigureMeta, Scanners, Selection, Unit
from apps.observations.planning import countreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.freshness import newest_data
from apps.observations.planning.scannerlists import lists_of
from apps.observations.planning.together import together
from apps.observations.planning.touching import exclusions_of
from apps.observations.planning.watch import SensorDays, are_whole_days, sensor_days

PER_SENSOR_DAY = (Unit.PACKETS_PER_SENSOR_DAY, Unit.SOURCES_PER_SENSOR_DAY)


@dataclass(frozen=True)
class Context:
    """What a question needs to know of its period before it reads counts."""

    selection: Selection
    days: SensorDays

    def meta(self, unit: Unit) -> FigureMeta:
        """No query, as part of a `reading` block."""
        selection, coverage = self.selection, self.days.summary
        return FigureMeta(
            unit=unit,
            denominator=coverage.covered_sensor_days if unit in PER_SENSOR_DAY else None,
            sensor_count=self.days.active_sensors,
            sensor_set=selection.scope.label,
            zone=selection.period.zone.key,
            period=selection.period,
            freshness=newest_data(selection.scope),
            region_as_of=self.days.region_as_of,
            region_is_older_than_snapshot=self.days.region_is_older_than_snapshot,
            missing_days=coverage.missing_days,
            partial_days=coverage.partial_days,
            filters=_filters(selection),
            days=self.days.day_count,
            scanner_lists=lists_of(selection),
            exclusions=exclusions_of(selection),
        )


def context_of(selection: Selection) -> Context:
    """One query, which also tells what the planner and the caption want to know later."""
    days, *_rest = together(
        lambda: sensor_days(selection.scope.sensor_ids, selection.period, shared=bool(selection.scope.panels)),
        countreads.closed_months,
        lambda: newest_data(selection.scope),
        lambda: lists_of(selection),
        lambda: exclusions_of(selection),
    )
    return Context(selection, days)


def require_whole_days(ask: Ask, unit: Unit) -> None:
    """Units per sensor and day count whole days of the reporting zone, so they have no value for parts of them."""
    if unit in PER_SENSOR_DAY and not are_whole_days(ask.spans):
        raise ParameterError("unit", _("a unit per sensor and day needs a period and bins of whole days of the reporting zone"))


def _filters(selection: Selection) -> dict[str, str]:
    filters = {
        "ports": ",".join(map(str, selection.ports)),
        "groups": ",".join(selection.groups),
        "regions": ",".join(selection.regions),
        "origin": selection.origin.value if selection.origin else "",
        "signatures": ",".join(str(signature.label) for signature in selection.signatures),
        "scanners": selection.scanners.value if selection.scanners is not Scanners.INCLUDE else "",
        "prefix": str(selection.prefix or ""),
        "fixed": "true" if selection.fixed_panel else "",
    }
    return {name: text for name, text in filters.items() if text}
