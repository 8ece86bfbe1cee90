"""What a viewer may know of the sensors."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.common.errors import ParameterError
from apps.sensors.models import Heartbeat, Panel, Sensor, SensorQuerySet
from apps.sensors.scopes import SensorScope

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

PANELS = {
    "all": (Panel.DOMESTIC, Panel.OVERSEAS),
    "domestic": (Panel.DOMESTIC,),
    "overseas": (Panel.OVERSEAS,),
    "scenario": (Panel.SCENARIO_DOMESTIC, Panel.SCENARIO_OVERSEAS),
    "scenario-domestic": (Panel.SCENARIO_DOMESTIC,),
    "scenario-overseas": (Panel.SCENARIO_OVERSEAS,),
}
# The sets of one network: whole, domestic part, overseas part.
SETS = {False: ("all", "domestic", "overseas"), True: ("scenario", "scenario-domestic", "scenario-overseas")}
SILENT_AFTER = timedelta(minutes=15)  # three heartbeats
ARCHIVED_AFTER = timedelta(days=30)  # newest packet older than this when it was sent
MAX_CHOSEN = 1000


class Health(StrEnum):
    NEVER_SEEN = "never_seen"
    REPORTING = "reporting"
    ARCHIVE = "archive"  # imported long after it was recorded; the sensor itself has never reported to this portal
    SILENT = "silent"  # nothing heard for SILENT_AFTER
    RETIRED = "retired"


@dataclass(frozen=True)
class SensorRow:
    """One line of the sensors page. `lag` is the age of the newest packet; `label` is the name for those who may see it."""

    id: int
    label: str
    owner: str
    country: str
    is_overseas: bool
    is_scenario: bool
    line_type: str
    address_count: int
    active_from: date
    active_to: date | None
    last_seen_at: datetime | None
    last_packet_at: datetime | None
    lag: timedelta | None
    health: Health


def scope_for(user: "User | AnonymousUser", chosen: str = "all") -> SensorScope:
    """The sensors of `chosen` (a name of PANELS, or ids separated by commas) that the user may draw figures from.

    ParameterError on `sensors` when a sensor is unknown or not the user's to see (the two are not told apart), and when
    sensors of a scenario stand beside others.
    """
    chosen = chosen.strip() or "all"
    if chosen not in PANELS:
        return _scope_of_chosen(user, chosen)
    return scopes_for(user, (chosen,))[0]


def scopes_for(user: "User | AnonymousUser", chosen: Sequence[str]) -> tuple[SensorScope, ...]:
    """The scopes of some sets of PANELS, in one query."""
    reads_network = _may_read_network_counts(user)
    sensors = Sensor.objects.all() if reads_network else Sensor.objects.visible_to(user)
    ids: dict[Panel, list[int]] = {panel: [] for panel in Panel}
    for pk, is_overseas, is_scenario in sensors.order_by("pk").values_list("pk", "is_overseas", "is_scenario"):
        ids[Panel.of(is_overseas, is_scenario)].append(pk)
    for name in chosen:
        _require_loaded(name, user, ids)
    return tuple(
        SensorScope(
            sensor_ids=tuple(sorted(pk for panel in PANELS[name] for pk in ids[panel])),
            panels=PANELS[name] if reads_network else (),
            label=name,
            may_name_sensors=_is_own_staff(user),
            is_aggregate_only=reads_network and not _is_own_staff(user),
            is_scenario=name in SETS[True],
        )
        for name in chosen
    )


def network_scope(name: str = "all") -> SensorScope:
    """Every sensor of a set of PANELS, for what the portal computes by itself; who may see the result is decided where it is
    read. One query."""
    sensors = Sensor.objects.order_by("pk").values_list("pk", "is_overseas", "is_scenario")
    ids = tuple(pk for pk, is_overseas, is_scenario in sensors if Panel.of(is_overseas, is_scenario) in PANELS[name])
    return SensorScope(sensor_ids=ids, panels=PANELS[name], label=name, is_scenario=name in SETS[True])


def _require_loaded(name: str, user: "User | AnonymousUser", ids: dict[Panel, list[int]]) -> None:
    """A scenario is asked for by name, and by own staff only; nobody gets an empty one for their own sensors."""
    if name in SETS[True] and not (_is_own_staff(user) and any(ids[panel] for panel in PANELS["scenario"])):
        raise ParameterError("sensors", _("no scenario is loaded"))


def _scope_of_chosen(user: "User | AnonymousUser", chosen: str) -> SensorScope:
    wanted = _parse_ids(chosen)
    visible = dict(Sensor.objects.visible_to(user).filter(pk__in=wanted).order_by("pk").values_list("pk", "is_scenario"))
    unknown = sorted(wanted - set(visible))
    if unknown:
        raise ParameterError("sensors", _("there is no sensor %(id)d that you may see") % {"id": unknown[0]})
    if len(set(visible.values())) > 1:
        raise ParameterError("sensors", _("sensors of the scenario cannot be counted together with others"))
    is_scenario = any(visible.values())
    label = "scenario-chosen" if is_scenario else "chosen"
    return SensorScope(sensor_ids=tuple(visible), label=label, may_name_sensors=_is_own_staff(user), is_scenario=is_scenario)


def _parse_ids(chosen: str) -> set[int]:
    parts = [part.strip() for part in chosen.split(",")]
    if len(parts) > MAX_CHOSEN or not all(part.isascii() and part.isdigit() and len(part) <= 9 for part in parts):
        raise ParameterError("sensors", _("write all, domestic, overseas or the numbers of sensors separated by commas"))
    return {int(part) for part in parts}


def _is_own_staff(user: "User | AnonymousUser") -> bool:
    return isinstance(user, User) and user.is_own_staff


def _may_read_network_counts(user: "User | AnonymousUser") -> bool:
    if not isinstance(user, User) or user.organisation is None:
        return False
    return user.is_own_staff or user.organisation.sees_network_counts


def sensor_label(sensor: Sensor, user: "User | AnonymousUser") -> str:
    """The sensor's name for own staff and its owner, "Domestic sensor 1" for everybody else."""
    return sensor_labels([sensor], user)[sensor.pk]


def sensor_labels(sensors: "Sequence[Sensor] | SensorQuerySet", user: "User | AnonymousUser") -> dict[int, str]:
    """Label by sensor id; at most one query whatever the number of sensors."""
    labels = {sensor.pk: sensor.name for sensor in sensors if _may_name(sensor, user)}
    nameless = [sensor.pk for sensor in sensors if sensor.pk not in labels]
    return labels | ({pk: text for pk, text in _public_labels().items() if pk in nameless} if nameless else {})


def _may_name(sensor: Sensor, user: "User | AnonymousUser") -> bool:
    if sensor.is_scenario or not isinstance(user, User) or user.organisation_id is None:
        return sensor.is_scenario
    return user.is_own_staff or sensor.organisation_id == user.organisation_id


def _public_labels() -> dict[int, str]:
    """Numbers count up within a panel in order of enrolment. They stay: sensors retire but are never deleted or moved.
    Those of a scenario come and go, and have none."""
    seen: Counter[bool] = Counter()
    labels = {}
    for pk, is_overseas in Sensor.objects.observing().order_by("pk").values_list("pk", "is_overseas"):
        seen[is_overseas] += 1
        text = _("Overseas sensor %(number)d") if is_overseas else _("Domestic sensor %(number)d")
        labels[pk] = text % {"number": seen[is_overseas]}
    return labels


def sensor_list(user: "User | AnonymousUser") -> list[SensorRow]:
    """The sensors the user may see, domestic ones first."""
    now = timezone.now()
    found = Sensor.objects.visible_to(user).select_related("organisation")
    sensors = list(found.annotate(is_live=Exists(Heartbeat.objects.filter(sensor=OuterRef("pk")))))
    labels = sensor_labels(sensors, user)
    return [_row(sensor, labels[sensor.pk], now) for sensor in sensors]


def _row(sensor: Sensor, label: str, now: datetime) -> SensorRow:
    return SensorRow(
        id=sensor.pk,
        label=label,
        owner=sensor.organisation.name,
        country=sensor.country,
        is_overseas=sensor.is_overseas,
        is_scenario=sensor.is_scenario,
        line_type=sensor.get_line_type_display(),
        address_count=sensor.address_count,
        active_from=sensor.active_from,
        active_to=sensor.active_to,
        last_seen_at=sensor.last_seen_at,
        last_packet_at=sensor.last_packet_at,
        lag=now - sensor.last_packet_at if sensor.last_packet_at else None,
        health=Health.ARCHIVE if _is_archive(sensor) else health_of(sensor, now),
    )


def health_of(sensor: Sensor, now: datetime) -> Health:
    if sensor.active_to is not None and sensor.active_to < timezone.localdate(now):
        return Health.RETIRED
    if sensor.last_seen_at is None:
        return Health.NEVER_SEEN
    return Health.REPORTING if now - sensor.last_seen_at <= SILENT_AFTER else Health.SILENT


def _is_archive(sensor: Sensor) -> bool:
    """Of a sensor annotated with `is_live`, whether it has ever sent a heartbeat."""
    if sensor.is_live or sensor.last_seen_at is None or sensor.last_packet_at is None or sensor.active_to is not None:  # type: ignore[attr-defined]
        return False
    return sensor.last_seen_at - sensor.last_packet_at > ARCHIVED_AFTER
