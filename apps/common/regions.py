"""Regions as two letters in text and as one 16-bit number in columns: 'JP' = 0x4A50."""

from django.utils.translation import gettext as _

UNKNOWN = "ZZ"


def encode(region: str) -> int:
    """'JP' → 19024; ValueError unless two ASCII capitals."""
    if len(region) != 2 or not region.isascii() or not region.isalpha() or not region.isupper():
        raise ValueError(_("%(text)r is not a region; write two capital letters such as JP") % {"text": region})
    return ord(region[0]) << 8 | ord(region[1])


def decode(number: int) -> str:
    """19024 → 'JP'."""
    return chr(number >> 8) + chr(number & 0xFF)
