"""The values of a dimension as numbers (in columns and group keys), as text (in URLs and answers) and as labels."""

from collections.abc import Iterable, Mapping

from django.contrib.auth.models import AnonymousUser

from apps.common import regions
from apps.common.ports import PortKey
from apps.observations.figures import Dimension
from apps.observations.models import Signature
from apps.reference.names import port_label, region_label
from apps.sensors.models import Sensor
from apps.sensors.queries import sensor_labels
from apps.sensors.scopes import SensorScope

EVERYTHING = 0  # the one key of no dimension


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
    return ""


def labels_of(dimension: Dimension, codes: Iterable[int], scope: SensorScope) -> Mapping[int, str]:
    """What a person reads, in the active language; for sensors at most two queries, else none."""
    match dimension:
        case Dimension.PORT:
            return {code: port_label(port_of(code)) for code in codes}
        case Dimension.REGION:
            return {code: region_label(regions.decode(code)) for code in codes}
        case Dimension.SENSOR:
            return _sensor_labels(list(codes), scope)
    return {code: text_of(dimension, code) for code in codes}


def _sensor_labels(codes: list[int], scope: SensorScope) -> dict[int, str]:
    sensors = list(Sensor.objects.filter(pk__in=codes))
    if scope.may_name_sensors:
        return {sensor.pk: sensor.name for sensor in sensors}
    return sensor_labels(sensors, AnonymousUser())
