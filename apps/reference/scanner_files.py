"""Reads lists of survey scanners in the forms in which they are published, into ranges of source keys.

nict      NICT's survey-scanner list: JSON, an array of {"ip", "scanner", "last_seen"}
misp      a MISP warning list of type cidr: JSON, {"list": [address or prefix, …]}
plain     an address or prefix a line, then perhaps a comment after #
maltrail  the same; a line that begins with / is a path of requests, not an address, and is passed over
"""

import gzip
import json
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import IO

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from apps.common.errors import DomainError
from apps.common.sourcekeys import from_address

Ranges = NDArray[np.int64]  # columns start and end, both included; ascending and apart

MAX_BYTES = 64 << 20
MAX_ROWS = 1_000_000
SHOWN_PROBLEMS = 20
_MAX_KEY = (1 << 63) - 1
_OPENERS = {".xz": lzma.open, ".gz": gzip.open}
# A prefix wider than this names no scanner: it is a mistake that would call half the world one.
WIDEST = {4: 8, 6: 19}


class Format(StrEnum):
    NICT = "nict"
    MALTRAIL = "maltrail"
    MISP = "misp"
    PLAIN = "plain"


@dataclass(frozen=True)
class Problem:
    """What is wrong with one row: a line or, of JSON, a place in the array, from 1 on."""

    row: int
    text: str

    def __str__(self) -> str:
        return _("row %(row)d: %(text)s") % {"row": self.row, "text": self.text}


@dataclass(frozen=True)
class ReadList:
    """`ranges` is an (n, 2) array of source keys; `problems` are the rows that were left out."""

    ranges: Ranges
    problems: tuple[Problem, ...]


def read(path: Path, form: Format, *, skips_bad: bool = False) -> ReadList:
    """The ranges of a file, plain or packed by xz or gzip. DomainError names up to 20 bad rows, unless they are to be skipped."""
    try:
        with path.open("rb") as file:
            return read_open(file, path.name, form, skips_bad=skips_bad)
    except OSError as error:
        raise DomainError(f"{path.name}: {error}", code="unreadable") from error


def read_open(file: IO[bytes], name: str, form: Format, *, skips_bad: bool = False) -> ReadList:
    """The same of a file that is open, whose `name` tells how it is packed."""
    try:
        opener = _OPENERS.get(Path(name).suffix)
        data = (opener(file, "rb") if opener else file).read(MAX_BYTES + 1)  # type: ignore[operator]  # both take these
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise DomainError(f"{name}: {error}", code="unreadable") from error
    if len(data) > MAX_BYTES:
        raise DomainError(f"{name}: " + _("larger than %(size)d MiB") % {"size": MAX_BYTES >> 20}, code="too_large")
    return parse(data, form, name, skips_bad=skips_bad)


def parse(data: bytes, form: Format, name: str = "list", *, skips_bad: bool = False) -> ReadList:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DomainError(f"{name}: " + _("not UTF-8 at byte %(byte)d") % {"byte": error.start}, code="unreadable") from error
    rows = list(_lines(text, form) if form in (Format.MALTRAIL, Format.PLAIN) else _entries(text, form, name))
    if not rows or len(rows) > MAX_ROWS:
        problem = _("more than %(rows)d rows") % {"rows": MAX_ROWS} if rows else _("holds no address")
        raise DomainError(f"{name}: {problem}", code="bad_list")
    found, problems = _ranges(rows)
    if problems and not (skips_bad and found):
        raise _refusal(name, problems)
    return ReadList(_united(np.array(found, np.int64)), tuple(problems))


def _lines(text: str, form: Format) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if entry and not (form is Format.MALTRAIL and entry.startswith("/")):
            yield number, entry


def _entries(text: str, form: Format, name: str) -> Iterator[tuple[int, object]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DomainError(f"{name}: " + _("not JSON: %(problem)s") % {"problem": error}, code="unreadable") from error
    entries = found.get("list") if form is Format.MISP and isinstance(found, dict) else found
    if not isinstance(entries, list):
        raise DomainError(f"{name}: " + _("not a list in the form %(form)s") % {"form": form}, code="bad_list")
    for number, entry in enumerate(entries, 1):
        yield number, entry.get("ip") if form is Format.NICT and isinstance(entry, dict) else entry


def _ranges(rows: list[tuple[int, object]]) -> tuple[list[tuple[int, int]], list[Problem]]:
    found, problems = [], []
    for number, entry in rows:
        try:
            found.append(_range(entry))
        except ValueError as error:
            problems.append(Problem(number, str(error)))
    return found, problems


def _refusal(name: str, problems: list[Problem]) -> DomainError:
    shown = problems[:SHOWN_PROBLEMS]
    more = "; " + _("and %(count)d more") % {"count": len(problems) - len(shown)} if len(problems) > len(shown) else ""
    return DomainError(f"{name}: {'; '.join(map(str, shown))}{more}", code="bad_list", fields={f"row {one.row}": one.text for one in shown})


def _range(entry: object) -> tuple[int, int]:
    if not isinstance(entry, str):
        raise ValueError(_("names no address"))
    network = _network(entry.strip()[:60])
    if network.prefixlen < WIDEST[network.version]:
        raise ValueError(_("%(network)s is wider than /%(prefix)d") % {"network": network, "prefix": WIDEST[network.version]})
    start = from_address(str(network.network_address))
    end = from_address(str(network.broadcast_address))
    if isinstance(network.network_address, IPv6Address) and not (start >= 1 << 32 and end <= _MAX_KEY):
        raise ValueError(_("%(network)s is not a public address") % {"network": network})
    return start, end


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(_("%(text)r is no address or prefix") % {"text": text}) from error


def _united(ranges: Ranges) -> Ranges:
    """Ranges that touch or overlap as one, so that the same addresses are always the same rows."""
    ordered = ranges[np.argsort(ranges[:, 0], kind="stable")]
    ends = np.maximum.accumulate(ordered[:, 1])
    begins = np.concatenate([[True], ordered[1:, 0] > ends[:-1] + 1])
    last = np.concatenate([np.flatnonzero(begins)[1:] - 1, [len(ordered) - 1]])
    return np.stack([ordered[begins, 0], ends[last]], axis=1)
