"""Which colour and pattern a port, region or sensor has: the same on every page, for readers of any colour vision.

The palette itself (eight hues, one shade per theme) is in static/css/portal.css as --series-0 … --series-7. Patterns
(solid, dashed, dotted lines; plain, hatched, dotted areas) tell apart two keys that share a hue.
"""

from dataclasses import dataclass
from zlib import crc32

HUES = 8
PATTERNS = 3

# What is most often drawn together gets hues of its own; never change an entry, printed figures rely on it.
_FIXED = {
    "total": (0, 0),
    "tcp/23": (1, 0),
    "tcp/22": (2, 0),
    "tcp/445": (0, 0),
    "tcp/3389": (3, 0),
    "tcp/1433": (4, 0),
    "tcp/80": (5, 0),
    "tcp/3306": (6, 0),
    "tcp/8080": (7, 0),
    "tcp/443": (5, 1),
    "tcp/2323": (1, 1),
    "tcp/37215": (6, 1),
    "tcp/135": (2, 1),
    "tcp/139": (4, 1),
    "tcp/4899": (7, 1),
    "tcp/5900": (3, 1),
    "tcp/6379": (0, 1),
    "tcp/56338": (7, 2),
    "udp/53": (6, 2),
    "udp/123": (3, 2),
    "udp/137": (5, 2),
    "udp/1900": (2, 2),
    "udp/5060": (4, 2),
    "icmp/8": (7, 0),
    "JP": (1, 0),
    "CN": (0, 0),
    "US": (5, 0),
    "KR": (2, 0),
    "TW": (3, 0),
    "RU": (4, 0),
    "NL": (6, 0),
    "DE": (7, 0),
    "BR": (2, 1),
    "VN": (3, 1),
    "IN": (6, 1),
    "GB": (4, 1),
    "FR": (5, 1),
    "HK": (7, 1),
    "TH": (0, 1),
    "TR": (1, 1),
    "ID": (4, 2),
    "IR": (6, 2),
    "UA": (7, 2),
    "ZZ": (5, 2),
    "domestic": (1, 0),
    "overseas": (0, 0),
    "foreign": (0, 0),
    "unknown": (5, 2),
    "group:messenger-udp": (3, 0),
    "other": (7, 2),
    "none": (0, 0),
    "mirai": (1, 0),
    "masscan": (2, 0),
    "zmap": (3, 0),
    "backscatter": (4, 0),
    "bogon": (5, 0),
    "canary": (6, 0),
    "not_computable": (7, 0),
}


KNOWN_KEYS = tuple(_FIXED)


@dataclass(frozen=True)
class Colour:
    hue: int
    pattern: int


def colour_of(key: str) -> Colour:
    """The colour of a key such as `tcp/23`, `JP` or a sensor's id; depends on nothing but the key."""
    if key in _FIXED:
        return Colour(*_FIXED[key])
    number = crc32(key.encode())
    return Colour(number % HUES, number // HUES % PATTERNS)
