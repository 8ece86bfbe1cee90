"""Reads tables of prefixes and their origins into columns.

Two forms: RouteViews prefix2as as CAIDA publishes it (`192.0.2.0<tab>24<tab>64500`) and the dat files of pyasn
(`192.0.2.0/24<tab>64500`, comments after ;). IPv4 and IPv6 may stand in one file.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.common.sourcekeys import from_ipv6_high
from apps.reference import routeorigins
from apps.reference.fileaddresses import KEY_BITS, ipv4_numbers, ipv6_halves, low_ones
from apps.reference.filelines import ROUTES, Lines, lines_of, read_lines
from apps.reference.intervals import Keys
from apps.reference.models import Family

COLUMNS = pa.schema([("start_key", pa.uint64()), ("length", pa.uint8()), ("origins", pa.string())])
BITS = {Family.IPV4: 32, Family.IPV6: KEY_BITS}  # of a key of the family
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class RouteFile:
    """What one file says. A table has the columns COLUMNS, each prefix once, sorted; `warnings` are for the person who
    loads it."""

    name: str
    tables: dict[Family, pa.Table]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Routes:
    """The prefixes of one family in the order of the file; `codes` are indexes into `origins`."""

    starts: Keys
    lengths: Integers
    codes: Integers
    origins: list[str]

    def where(self, keep: NDArray) -> "_Routes":
        return _Routes(self.starts[keep], self.lengths[keep], self.codes[keep], self.origins)


def read(path: Path) -> RouteFile:
    """Read a file, plain or packed by xz or gzip. RouteFileError names the line and the field that are wrong."""
    return _file(read_lines(path, ROUTES))


def parse(name: str, data: bytes) -> RouteFile:
    """Read the text of a file."""
    return _file(lines_of(name, data, ROUTES))


def _file(lines: Lines) -> RouteFile:
    addresses, lengths, origins = _fields(lines)
    codes, texts = _origins(lines, origins)
    is_six = np.asarray(pc.match_substring(addresses, ":"))
    tables: dict[Family, pa.Table] = {}
    warnings: list[str] = []
    for family, mask in ((Family.IPV4, ~is_six), (Family.IPV6, is_six)):
        if mask.any():
            routes, left_out = _routes(family, lines.where(mask), addresses.filter(pa.array(mask)), lengths.filter(pa.array(mask)))
            kept = _Routes(*routes, codes[mask], texts).where(~left_out)
            table, joined = _table(kept)
            tables |= {family: table} if table.num_rows else {}
            warnings += _warnings(family, int(left_out.sum()), joined)
    return RouteFile(lines.name, tables, tuple(warnings))


def _fields(lines: Lines) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Address, length and origin of every line; the first line tells the form."""
    if lines.counts[0] == 2:
        lines.require(lines.counts == 2, "expected two fields, prefix and AS number")
        prefixes = lines.field(0)
        lines.require(pc.match_substring_regex(prefixes, r"^[^/]+/[^/]+$"), "the first field is no prefix such as 192.0.2.0/24")
        halves = pc.split_pattern(prefixes, "/").values
        even = pa.array(np.arange(0, len(halves), 2))
        return halves.take(even), halves.take(pc.add(even, 1)), lines.field(1)
    lines.require(lines.counts == 3, "expected three fields, address, prefix length and AS number")
    return lines.field(0), lines.field(1), lines.field(2)


def _origins(lines: Lines, texts: pa.Array) -> tuple[Integers, list[str]]:
    """Codes of the lines and what they stand for. There are far fewer origins than prefixes, so each is read once."""
    encoded = texts.dictionary_encode()
    codes = encoded.indices.to_numpy().astype(np.int64)
    canonical = [_canonical(text) for text in encoded.dictionary.to_pylist()]
    lines.require(np.array([text != "" for text in canonical])[codes], "the last field is no AS number, nor several")
    return codes, canonical


def _canonical(text: str) -> str:
    try:
        return routeorigins.canonical(text)
    except ValueError:
        return ""


def _routes(family: Family, lines: Lines, addresses: pa.Array, texts: pa.Array) -> tuple[tuple[Keys, Integers], NDArray[np.bool_]]:
    """First key and length of each prefix, and which are left out: default routes, which tell nothing of an origin, and
    IPv6 prefixes outside 2000::/3 or longer than /64, where several would share a key."""
    lines.require(pc.match_substring_regex(texts, r"^\d{1,3}$"), "the prefix length is no number")
    lengths = texts.cast(pa.int64()).to_numpy()
    if family is Family.IPV4:
        return _ipv4(lines, addresses, lengths)
    return _ipv6(lines, addresses, lengths)


def _ipv4(lines: Lines, addresses: pa.Array, lengths: Integers) -> tuple[tuple[Keys, Integers], NDArray[np.bool_]]:
    lines.require(lengths <= 32, "the prefix length is over 32")
    starts = ipv4_numbers(lines, addresses, "the prefix is no IPv4 address")
    lines.require(starts & low_ones(32 - lengths) == 0, "the prefix has bits beyond its length")
    return (starts, lengths), lengths == 0


def _ipv6(lines: Lines, addresses: pa.Array, lengths: Integers) -> tuple[tuple[Keys, Integers], NDArray[np.bool_]]:
    lines.require(lengths <= 128, "the prefix length is over 128")
    high, low = ipv6_halves(lines, addresses, "the prefix is no IPv6 address")
    beyond = (high & low_ones(KEY_BITS - lengths)) | (low & low_ones(2 * KEY_BITS - lengths))
    lines.require(beyond == 0, "the prefix has bits beyond its length")
    return (from_ipv6_high(high), lengths), (lengths == 0) | (lengths > KEY_BITS) | (high >> np.uint64(61) != 1)


def _table(routes: _Routes) -> tuple[pa.Table, int]:
    """Each prefix once, sorted, in one chunk, and how many prefixes had several lines with unlike origins: all of them
    announced it."""
    order = np.lexsort((routes.lengths, routes.starts))  # stable: lines of one prefix stay in their order
    routes = routes.where(order)
    first, joined = _joined(routes)
    kept = _Routes(routes.starts[first], routes.lengths[first], routes.codes[first], list(routes.origins))
    for row, origins in joined.items():
        kept.codes[row] = len(kept.origins)
        kept.origins.append(origins)
    return canonical(kept.starts, kept.lengths, kept.codes, kept.origins), len(joined)


def canonical(starts: Keys, lengths: NDArray, codes: NDArray, origins: list[str]) -> pa.Table:
    """The table of prefixes that are sorted and each there once: equal content gives equal bytes."""
    texts = pa.array(origins, pa.string()).take(pa.array(codes))
    return pa.table([pa.array(starts), pa.array(lengths.astype(np.uint8)), texts], schema=COLUMNS)


def _joined(routes: _Routes) -> tuple[Integers, dict[int, str]]:
    """The first row of each prefix, and by its place among those the joined origins where its rows differ."""
    is_first = np.ones(len(routes.starts), bool)
    is_first[1:] = (routes.starts[1:] != routes.starts[:-1]) | (routes.lengths[1:] != routes.lengths[:-1])
    first = np.flatnonzero(is_first)
    ends = np.append(first[1:], len(is_first))
    joined = {}
    for place in np.flatnonzero(ends - first > 1).tolist():
        codes = dict.fromkeys(routes.codes[first[place] : ends[place]].tolist())
        if len(codes) > 1:
            joined[place] = routeorigins.canonical("_".join(routes.origins[code] for code in codes))
    return first, joined


def _warnings(family: Family, left_out: int, joined: int) -> list[str]:
    found = []
    if left_out:
        what = "default routes" if family is Family.IPV4 else "default routes, or not inside 2000::/3, or longer than /64"
        found.append(f"{left_out:,} {family.label} prefixes are left out ({what})")
    if joined:
        found.append(f"{joined:,} {family.label} prefixes are there with several origins; all of them are kept")
    return found
