"""The values of a dimension as numbers (in columns and group keys), as text (in URLs and answers) and as labels."""

from collections.abc import Iterable, Mapping
from datetime import date

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy

from apps.common import regions
from apps.common.ports import PortKey
from apps.observations.figures import Dimension
from apps.observations.models import Signature
from apps.observations.planning import derived
from apps.reference import portgroups
from apps.reference.names import port_label, region_label
from apps.sensors.models import Sensor
from apps.sensors.queries import sensor_labels
from apps.sensors.scopes import SensorScope

EVERYTHING = 0  # the one key of no dimension
GROUP_PREFIX = "group:"  # of the key of a port group
_NAMES = {
    Dimension.ORIGIN: {code: origin.value for origin, code in derived.ORIGINS.items()},
    Dimension.PANEL: {code: name for name, code in derived.PANELS.items()},
}
_LABELS = {
    (Dimension.ORIGIN, "domestic"): gettext_lazy("domestic sources"),
    (Dimension.ORIGIN, "foreign"): gettext_lazy("foreign sources"),
    (Dimension.ORIGIN, "unknown"): gettext_lazy("sources of unknown region"),
    (Dimension.PANEL, "domestic"): gettext_lazy("domestic sensors"),
    (Dimension.PANEL, "overseas"): gettext_lazy("overseas sensors"),
}


def port_code(port: PortKey) -> int:
    return port.protocol << 16 | port.port


def port_of(code: int) -> PortKey:
    return PortKey(code >> 16, code & 0xFFFF)


def text_of(dimension: Dimension, code: int) -> str:
    """`tcp/23`, `JP`, a sensor's id, a signature's name, or '' for everything."""
    match dimension:
        case Dimension.PORT:
            return str(port_of(code))
        case Dimension.REGION:
            return regions.decode(code)
        case Dimension.SENSOR:
            return str(code)
        case Dimension.SIGNATURE:
            return str(Signature(code).label)
        case Dimension.KIND:
            return f"{GROUP_PREFIX}{portgroups.group_of(code - derived.GROUP).slug}" if code >= derived.GROUP else str(port_of(code))
        case Dimension.ORIGIN | Dimension.PANEL:
            return _NAMES[dimension][code]
    return ""


def code_of(dimension: Dimension, text: str, day: date) -> int:
    """The other way round, of what `text_of` can give; ValueError says what is wrong. Groups are those in force on `day`."""
    match dimension:
        case Dimension.NONE if not text:
            return EVERYTHING
        case Dimension.PORT | Dimension.KIND if not text.startswith(GROUP_PREFIX):
            return port_code(PortKey.parse(text))
        case Dimension.KIND:
            return derived.GROUP + portgroups.chosen([text.removeprefix(GROUP_PREFIX)], day)[0].id
        case Dimension.REGION:
            return regions.encode(text)
        case Dimension.SENSOR if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        case Dimension.SIGNATURE if text in Signature.labels:
            return next(int(signature) for signature in Signature if signature.label == text)
        case Dimension.ORIGIN | Dimension.PANEL if text in _NAMES[dimension].values():
            return next(code for code, name in _NAMES[dimension].items() if name == text)
    raise ValueError(f"{text!r} is no key of {dimension}")


def labels_of(dimension: Dimension, codes: Iterable[int], scope: SensorScope) -> Mapping[int, str]:
    """What a person reads, in the active language; for sensors at most two queries, else none."""
    match dimension:
        case Dimension.PORT:
            return {code: port_label(port_of(code)) for code in codes}
        case Dimension.REGION:
            return {code: region_label(regions.decode(code)) for code in codes}
        case Dimension.SENSOR:
            return _sensor_labels(list(codes), scope)
        case Dimension.KIND:
            return {code: _kind_label(code) for code in codes}
        case Dimension.ORIGIN | Dimension.PANEL:
            return {code: str(_LABELS[dimension, _NAMES[dimension][code]]) for code in codes}
    return {code: text_of(dimension, code) for code in codes}


def _kind_label(code: int) -> str:
    return portgroups.group_of(code - derived.GROUP).name if code >= derived.GROUP else port_label(port_of(code))


def _sensor_labels(codes: list[int], scope: SensorScope) -> dict[int, str]:
    sensors = list(Sensor.objects.filter(pk__in=codes))
    if scope.may_name_sensors:
        return {sensor.pk: sensor.name for sensor in sensors}
    return sensor_labels(sensors, AnonymousUser())
