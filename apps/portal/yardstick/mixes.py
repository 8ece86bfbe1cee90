"""Which ports the bulk of a region's packets goes to, as shares."""

from apps.common.ports import PortKey
from apps.portal.yardstick.flows import Mix


def mix(**shares: float) -> Mix:
    """tcp_23=0.5 → {PortKey tcp/23: 0.5}."""
    return {PortKey.parse(name.replace("_", "/")): share for name, share in shares.items()}


# A long tail of ports that nobody ranks.
TAIL = mix(
    tcp_81=0.022, tcp_2323=0.02, tcp_5555=0.024, tcp_8443=0.02, udp_123=0.02, udp_53=0.018, udp_1900=0.015, udp_5060=0.026, tcp_25=0.012,
    tcp_8088=0.016, tcp_2375=0.014, tcp_3306=0.018, tcp_5432=0.014, tcp_9200=0.01, tcp_27017=0.008, tcp_1723=0.008, tcp_8000=0.016,
    tcp_8081=0.018, tcp_8888=0.014, tcp_10000=0.01, tcp_60001=0.012, tcp_5038=0.01, udp_161=0.018, udp_389=0.012, udp_11211=0.008,
    tcp_52869=0.012, tcp_21=0.014, tcp_110=0.006, tcp_143=0.006, tcp_7547=0.01, tcp_9000=0.008, tcp_4444=0.008, udp_137=0.006,
)  # fmt: skip
