"""What of a host can be compared with other hosts: each feature is one text, in exactly these forms.

port:tcp/22  product:tcp/22:OpenSSH  version:tcp/22:OpenSSH 7.4  module:tcp/22:ssh  banner:tcp/22:-123456  cert:<sha256>
tag:vpn  os:Linux 3.x  derived:few-services  derived:udp-amplifier
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from apps.common.ports import TCP, UDP, PortKey
from apps.enrichment.hosts.parsing import SAMPLE_TAG, ParsedHost, ParsedService
from apps.reference.names import port_label

LONGEST = 200
FEW = 3  # open TCP ports
DNS = 53
# UDP services that answer a small packet with larger ones, to whomever it claims to be from. DNS only where it recurses.
AMPLIFIERS = {
    17: "QOTD", 19: "CHARGEN", 69: "TFTP", 111: "portmap", 123: "NTP", 137: "NetBIOS", 161: "SNMP", 389: "CLDAP", 520: "RIPv1",
    1434: "MS SQL", 1900: "SSDP", 3283: "ARMS", 3702: "WS-Discovery", 5353: "mDNS", 5683: "CoAP", 10001: "Ubiquiti", 11211: "memcached",
    37810: "DHDiscover",
}  # fmt: skip
FEW_SERVICES, UDP_AMPLIFIER = "derived:few-services", "derived:udp-amplifier"


def features_of(host: ParsedHost) -> list[str]:
    """Sorted, each once. Pure."""
    return sorted({feature[:LONGEST] for feature in _features(host)})


def _features(host: ParsedHost) -> Iterator[str]:
    for service in host.services:
        yield from _of_service(service)
    yield from (f"tag:{tag}" for tag in host.tags if tag != SAMPLE_TAG)
    if host.os:
        yield f"os:{host.os}"
    if host.services and sum(service.protocol == TCP for service in host.services) <= FEW:
        yield FEW_SERVICES
    if any(map(_amplifies, host.services)):
        yield UDP_AMPLIFIER


def _of_service(service: ParsedService) -> Iterator[str]:
    port = PortKey(service.protocol, service.port)
    yield f"port:{port}"
    if service.product:
        yield f"product:{port}:{service.product}"
    if service.product and service.version:
        yield f"version:{port}:{service.product} {service.version}"
    if service.module:
        yield f"module:{port}:{service.module}"
    if service.banner_hash:  # 0 is the hash of nothing
        yield f"banner:{port}:{service.banner_hash}"
    if service.certificate:
        yield f"cert:{service.certificate}"


def _amplifies(service: ParsedService) -> bool:
    return service.protocol == UDP and (service.port in AMPLIFIERS or (service.port == DNS and service.recursion))


def label(feature: str) -> str:
    """The feature for people, in the active language; a text that is no feature comes back as it is."""
    kind, _colon, value = feature.partition(":")
    match kind:
        case "port" | "product" | "version" | "module" | "banner":
            return _label_of_port(kind, value) or feature
        case "cert":
            return _("certificate %(digest)s…") % {"digest": value[:16]}
        case "tag":
            return _("tag %(tag)s") % {"tag": value}
        case "os":
            return _("operating system %(name)s") % {"name": value}
    return _label_of_derived(feature)


def _label_of_port(kind: str, value: str) -> str:
    """'' where the text names no port."""
    name, _colon, what = value.partition(":")
    try:
        port = port_label(PortKey.parse(name))
    except ValueError:
        return ""
    values = {"port": port, "what": what}
    match kind:
        case "port":
            return _("listening on %(port)s") % values
        case "banner":
            return _("%(port)s: banner hash %(what)s") % values
        case "module":
            return _("%(port)s: answers as %(what)s") % values
    return _("%(port)s: %(what)s") % values


def _label_of_derived(feature: str) -> str:
    if feature == FEW_SERVICES:
        return _("few services (at most %(count)d TCP ports open)") % {"count": FEW}
    if feature == UDP_AMPLIFIER:
        return _("UDP service that can be abused for reflection")
    return feature
