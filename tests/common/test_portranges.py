"""Patterns over ports: what they hold, in which order, and which are none."""

import pytest

from apps.common.portranges import parse_pattern


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("udp/1020-1039", "udp/1020-1039"),
        ("tcp/23, TCP/2323", "tcp/23,tcp/2323"),
        ("tcp/139,tcp/135,tcp/137-138", "tcp/135,tcp/137-139"),
        ("tcp/1-5,tcp/3-9,tcp/9", "tcp/1-9"),
        ("udp/53,tcp/53", "tcp/53,udp/53"),
        ("icmp/8,icmp/3.1,ip/47,icmp/8", "icmp/3.1,icmp/8,ip/47"),
        ("tcp/0-0,tcp/65535", "tcp/0,tcp/65535"),
    ],
)
def test_a_pattern_is_its_ranges_in_order(pattern, expected):
    assert ",".join(map(str, parse_pattern(pattern))) == expected


def test_codes_are_protocol_and_port():
    [one] = parse_pattern("udp/1020-1021")
    assert list(one.codes) == [17 << 16 | 1020, 17 << 16 | 1021]


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        " , ",
        "23",
        "tcp/9-1",
        "tcp/1-70000",
        "udp/1-2-3",
        "icmp/3-8",
        "tcp/-5",
        "tcp/1-65535",
        ",".join(f"tcp/{2 * n}" for n in range(51)),
        "tcp/1\0",
    ],
)
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(ValueError, match="."):
        parse_pattern(pattern)
