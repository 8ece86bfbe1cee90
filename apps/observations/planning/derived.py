"""Derived dimensions: the keys of another dimension sorted into a few. Numbers are told apart by the derived key before
anything is grouped, so packets add up and sources are united over all that belongs to one key.

KIND keeps the codes of ports and has GROUP + id for a group of ports; ORIGIN and PANEL have the codes below.
"""

from datetime import date

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.common import regions
from apps.observations.figures import Dimension, Origin
from apps.observations.planning.reading import once
from apps.observations.planning.together import Read
from apps.reference import portgroups

GROUP = 1 << 24  # above every port code
ORIGINS = {Origin.DOMESTIC: 1, Origin.FOREIGN: 2, Origin.UNKNOWN: 3}
PANELS = {"domestic": 1, "overseas": 2}
BASE = {Dimension.KIND: Dimension.PORT, Dimension.ORIGIN: Dimension.REGION, Dimension.PANEL: Dimension.SENSOR}
_UNKNOWN = regions.encode(regions.UNKNOWN)

Codes = NDArray[np.int64]


def home() -> int:
    """The region whose sources are domestic."""
    return regions.encode(settings.HOME_REGION)


def kinds(ports: Codes, day: date) -> Codes:
    """Of port codes, the group each belongs to on a day, else the code itself."""
    found, free = ports.copy(), np.ones(len(ports), np.bool_)
    for group in portgroups.groups_on(day):
        for one in group.ranges:
            inside = free & (ports >= one.codes.start) & (ports < one.codes.stop)
            found[inside] = GROUP + group.id
            free &= ~inside
    return found


def origins(found: Codes) -> Codes:
    """Of regions, whether they are home, foreign or unknown."""
    return np.select([found == home(), found == _UNKNOWN], [1, 3], 2).astype(np.int64)


def of_origin(found: tuple[int, ...], origin: Origin) -> tuple[int, ...]:
    """Those of some regions that are of one origin."""
    return tuple(region for region, code in zip(found, origins(np.array(found, np.int64)).tolist(), strict=True) if code == ORIGINS[origin])


def panels(sensors: Codes) -> Codes:
    """Of sensors, on which side they are."""
    return 1 + np.isin(sensors, overseas_sensors()).astype(np.int64)


def overseas_sensors() -> list[int]:
    """At most one query in a `reading` block."""
    read = Read("SELECT id FROM sensors_sensor WHERE is_overseas", [], 1)
    return once("overseas sensors", read, lambda rows: [pk for (pk,) in rows])


def ports_of(kinds_chosen: tuple[int, ...]) -> tuple[int, ...]:
    """The ports that may belong to some kinds: those of the groups, and single ones."""
    groups = {group.id: group for group in portgroups.all_groups()}
    ports = [code for code in kinds_chosen if code < GROUP]
    for code in kinds_chosen:
        if code >= GROUP and code - GROUP in groups:
            ports += groups[code - GROUP].codes
    return tuple(dict.fromkeys(ports))


# The same in SQL, for what can be told apart while rows are read.


def origin_sql() -> str:
    return f"(CASE region WHEN {home()} THEN 1 WHEN {_UNKNOWN} THEN 3 ELSE 2 END)"


def panel_sql(owner: str) -> str:
    """`owner` is the column a count table's key begins with: panel (even ones are overseas) or sensor_id."""
    if owner == "panel":
        return "(2 - mod(panel, 2))"
    return "(CASE WHEN sensor_id = ANY(ARRAY(SELECT id FROM sensors_sensor WHERE is_overseas)) THEN 2 ELSE 1 END)"
