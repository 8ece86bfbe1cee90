"""Names of ports and regions as pages, reports and mail print them."""

import csv
import gzip
from functools import cache
from pathlib import Path
from time import monotonic

from babel import Locale
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.common.ports import ICMP, ICMPV6, NUMBERS, PortKey
from apps.common.regions import UNKNOWN
from apps.reference.models import PortAlias

SERVICES = Path(__file__).parent / "data" / "service-names.csv.gz"
ALIAS_REFRESH_S = 60  # another process shows an edited alias at the latest after this
ECHO_REQUEST = {ICMP: 8, ICMPV6: 128}

# Where the registries or our reports use another name than CLDR. EU and AP are registries' codes for "somewhere in".
REGION_OVERRIDES = {
    "en": {
        "AN": "Netherlands Antilles",
        "AP": "Asia-Pacific (AP)",
        "EU": "Europe (EU)",
        "HK": "Hong Kong",
        "MM": "Myanmar",
        "MO": "Macao",
        "PS": "Palestine",
        "ZZ": "unknown",
    },
    "ja": {
        "AN": "オランダ領アンティル",
        "AP": "アジア太平洋",
        "EU": "欧州",
        "GB": "英国",
        "HK": "香港",
        "MM": "ミャンマー",
        "MO": "マカオ",
        "PS": "パレスチナ",
        "TW": "台湾",
        "US": "米国",
        "ZZ": "地域不明",
    },
}
NOT_REGIONS = {"EZ", "QO", "UN", "XA", "XB"}  # CLDR's two-letter codes that are no place

_aliases: tuple[float, dict[PortKey, str]] | None = None


def port_name(port: PortKey) -> str:
    """The alias or IANA's name of a TCP or UDP port, '' if there is none."""
    return _current_aliases().get(port) or _service_names().get(port, "")


def port_label(port: PortKey) -> str:
    """23/TCP (telnet), 37215/TCP, Ping (ICMP), ICMP type 3, IP protocol 47; in the active language."""
    if port.protocol in ECHO_REQUEST:
        return _icmp_label(port)
    if port.protocol not in NUMBERS.values():
        return _("IP protocol %(number)d") % {"number": port.protocol}
    protocol, name = str(port).split("/")[0].upper(), port_name(port)
    return f"{port.port}/{protocol} ({name})" if name else f"{port.port}/{protocol}"


def region_label(code: str) -> str:
    """日本 or Japan; the code itself where nobody knows a name. In the active language."""
    return _region_names(_language()).get(code, code)


def is_region(code: str) -> bool:
    """Whether a code is one a registry can use: ISO 3166, EU, AP, and ZZ for unknown."""
    return code in _region_names("en")


def region_codes() -> list[str]:
    """Every code that `is_region` accepts, in order of its label in the active language; ZZ last."""
    names = _region_names(_language())
    return sorted(names, key=lambda code: (code == UNKNOWN, names[code]))


def forget_aliases() -> None:
    """Read the aliases again at the next label: an alias was edited in this process."""
    global _aliases
    _aliases = None


def _icmp_label(port: PortKey) -> str:
    kind, code = divmod(port.port, 256)
    protocol = "ICMP" if port.protocol == ICMP else "ICMPv6"
    if code:
        return _("%(protocol)s type %(type)d code %(code)d") % {"protocol": protocol, "type": kind, "code": code}
    if kind == ECHO_REQUEST[port.protocol]:
        return f"Ping ({protocol})"
    return _("%(protocol)s type %(type)d") % {"protocol": protocol, "type": kind}


def _language() -> str:
    return (get_language() or "en").split("-")[0]


@cache
def _region_names(language: str) -> dict[str, str]:
    known = {code: name for code, name in Locale.parse(language).territories.items() if len(code) == 2 and code.isalpha()}
    return {code: name for code, name in (known | REGION_OVERRIDES.get(language, {})).items() if code not in NOT_REGIONS}


@cache
def _service_names() -> dict[PortKey, str]:
    with gzip.open(SERVICES, "rt", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return {PortKey(NUMBERS[row["protocol"]], int(row["port"])): row["name"] for row in rows}


def _current_aliases() -> dict[PortKey, str]:
    global _aliases
    if _aliases is None or monotonic() - _aliases[0] > ALIAS_REFRESH_S:
        rows = PortAlias.objects.values_list("protocol", "port", "name")
        _aliases = monotonic(), {PortKey(protocol, port): name for protocol, port, name in rows}
    return _aliases[1]
