"""The parameters of figures as the API's documentation tells them. `params.py` reads them."""

from collections.abc import Iterable
from enum import StrEnum

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiTypes

from apps.common.periods import Bin
from apps.observations import params
from apps.observations.figures import Origin, Scanners, Unit
from apps.observations.presets import Preset


def choice(name: str, choices: Iterable[StrEnum], default: StrEnum, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, enum=[choice.value for choice in choices], default=default.value, description=description)


def _list(name: str, description: str, example: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, description=description, examples=[OpenApiExample(example, value=example)])


def count(name: str, default: int, largest: int, description: str) -> OpenApiParameter:
    schema = {"type": "integer", "minimum": 1, "maximum": largest, "default": default}
    return OpenApiParameter(name, schema, description=description)


SELECTION = [
    OpenApiParameter(
        "from",
        str,
        description="Begin, inclusive: an ISO date, taken as a day of the zone, or an ISO datetime with its zone at a full hour.",
        examples=[OpenApiExample("a day", value="2013-03-04"), OpenApiExample("an hour", value="2013-03-04T09:00:00+09:00")],
    ),
    OpenApiParameter("to", str, description="End, exclusive, written like `from`; by default the end of the newest rolled-up data."),
    choice("period", Preset, Preset.DAYS_30, "A period counted back from the newest rolled-up data, in place of `from` and `to`."),
    OpenApiParameter("zone", str, description="Zone of the tz database in which dates and bins are meant; by default the reporting zone."),
    _list("sensors", "`all`, `domestic`, `overseas`, or ids of sensors separated by commas.", "all"),
    OpenApiParameter(
        "fixed",
        OpenApiTypes.BOOL,
        default=False,
        description="Only sensors covered on every day of the period, and of the one it is compared with.",
    ),
    _list("ports", "Destination ports separated by commas: `tcp/23`, `udp/53`, `icmp/8`, `ip/47`.", "tcp/23,tcp/2323"),
    _list("groups", "Named groups of ports by their short names, separated by commas; they join the ports.", "messenger-udp"),
    _list("regions", "Source regions separated by commas; `ZZ` is unknown.", "JP"),
    OpenApiParameter(
        "origin",
        str,
        enum=[Origin.DOMESTIC.value, Origin.FOREIGN.value],
        description="Sources in the home region, or in any other known one.",
    ),
    _list("signatures", "Signatures separated by commas; by default all but backscatter, bogon and canary.", "mirai"),
    choice(
        "scanners",
        Scanners,
        Scanners.INCLUDE,
        "Known survey scanners; `meta.scanner_lists` names the lists that decided, each for 30 days around its date.",
    ),
]
UNIT = choice(
    "unit",
    Unit,
    Unit.PACKETS,
    "What is counted. `sources` are distinct over the period; the units per sensor and day divide by covered sensor-days.",
)
FORMAT = OpenApiParameter("format", str, enum=["json", "csv"], default="json", description="CSV also by `Accept: text/csv`.")
RANKING = [
    choice("dimension", params.RANKING_DIMENSIONS, params.RANKING_DIMENSIONS[0], "What is ranked."),
    UNIT,
    count("limit", 10, params.MAX_LIMIT, "Number of rows."),
    OpenApiParameter(
        "previous",
        OpenApiTypes.BOOL,
        default=False,
        description="Add rank and value in the period before: the calendar month or quarter before whole ones, else as many days.",
    ),
    *SELECTION,
    FORMAT,
]
SPLIT = choice("split", params.SERIES_SPLITS, params.SERIES_SPLITS[0], "What the series are.")
SERIES = [
    SPLIT,
    OpenApiParameter(
        "bin", str, enum=[size.value for size in Bin], description="Size of the bins; by default hours up to three days, days beyond."
    ),
    UNIT,
    count("top", 5, params.MAX_TOP, "Number of series of a split."),
    *SELECTION,
    FORMAT,
]
SOURCES = [
    count("limit", 100, params.MAX_LIMIT, "Number of rows of a page."),
    OpenApiParameter("cursor", str, description="`next_cursor` of the page before."),
    OpenApiParameter(
        "prefix",
        str,
        description="Sources in this prefix alone. No bits behind its length; IPv6 at most /64, since a source is its /64.",
        examples=[OpenApiExample("IPv4", value="198.51.100.0/24"), OpenApiExample("IPv6", value="2001:db8::/32")],
    ),
    *SELECTION,
    FORMAT,
]


def names(parameters: Iterable[OpenApiParameter]) -> frozenset[str]:
    return frozenset(parameter.name for parameter in parameters)
