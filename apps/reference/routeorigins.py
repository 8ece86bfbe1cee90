"""The origin of a route in text: one AS, several that announced the prefix (MOAS), or a set that aggregation left."""

import re

LARGEST_ASN = (1 << 32) - 1
LONGEST = 2000  # characters
_PLAIN = re.compile(r"(?:AS)?(\d{1,10})", re.IGNORECASE | re.ASCII)
_DOTTED = re.compile(r"(?:AS)?(\d{1,5})\.(\d{1,5})", re.IGNORECASE | re.ASCII)
_SET = re.compile(r"\{([^{}]+)\}|([^{}]+)")


def canonical(text: str) -> str:
    """The one way in which we write an origin: decimal numbers, `_` between those that announced the prefix, in the order of
    the file, sets in braces and ascending. ValueError where it is none.

    Read are 64500, AS64500 and 1.10 (asdot), 64500_64501, and sets as {64500,64501} or 64500,64501.
    """
    if len(text) > LONGEST:
        raise ValueError(f"the origin is longer than {LONGEST} characters")
    return "_".join(dict.fromkeys(_member(part) for part in text.split("_")))


def asns_in(origins: str) -> tuple[int, ...]:
    """Every number in a canonical origin, each once, in its order."""
    return tuple(dict.fromkeys(int(number) for number in re.findall(r"\d+", origins)))


def _member(text: str) -> str:
    if not (match := _SET.fullmatch(text)):
        raise ValueError("the origin is no AS number")
    numbers = sorted({asn(part) for part in (match[1] or match[2]).split(",")})
    return str(numbers[0]) if len(numbers) == 1 else "{" + ",".join(map(str, numbers)) + "}"


def asn(text: str) -> int:
    """64500, AS64500 or 1.10 as a number; ValueError where it is none, or 0, which stands for no AS."""
    if match := _PLAIN.fullmatch(text):
        number = int(match[1])
    elif match := _DOTTED.fullmatch(text):
        high, low = int(match[1]), int(match[2])
        number = high << 16 | low if max(high, low) <= 0xFFFF else 0
    else:
        number = 0
    if not 1 <= number <= LARGEST_ASN:
        raise ValueError("the origin is no AS number")
    return number
