"""Prefixes that sources are told by."""

import pytest
from django.utils import translation

from apps.common.sourcekeys import prefix_around, read_prefix


@pytest.mark.parametrize("text", ["198.51.100.0/24", "0.0.0.0/0", "192.0.2.1/32", "2001:db8::/32", "2001:db8:1:2::/64", "::/0"])
def test_a_prefix_is_read(text):
    assert str(read_prefix(text)) == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("198.51.100.7/24", "has bits set behind its length; write 198.51.100.0/24"),
        ("2001:db8::1/64", "has bits set behind its length; write 2001:db8::/64"),
        ("2001:db8::/65", "is longer than /64"),
        ("2001:db8::1/128", "is longer than /64"),
        *(
            (text, "is not a prefix")
            for text in ("", "198.51.100.0", "198.51.100.0/33", "2001:db8::/129", "198.51.100.0/255.255.255.0", "198.51.100.0/-1",
                         "198.51.100/24", "fe80::%eth0/64", "10/8", "bananas", "1.2.3.4/٣", "/24", "198.51.100.0/24,10.0.0.0/8")
        ),
    ],
)  # fmt: skip
def test_what_is_none_is_refused_in_words(text, problem):
    with translation.override("en"), pytest.raises(ValueError, match=problem):
        read_prefix(text)


def test_the_prefix_around_an_address():
    assert [str(prefix_around(text)) for text in ("198.51.100.7/24", "2001:db8::1/32")] == ["198.51.100.0/24", "2001:db8::/32"]
