"""The lines of a RIR statistics file as columns, each field with the number of its line."""

import gzip
import lzma
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.common.errors import DomainError

_UNPACKERS = {b"\xfd7zXZ": lzma.decompress, b"\x1f\x8b": gzip.decompress}
_SHOWN_CHARACTERS = 120


class DelegationFileError(DomainError):
    """A file that cannot be trusted whole is not loaded at all. `line` counts from 1; None: the file as such."""

    code = "bad_delegation_file"

    def __init__(self, name: str, line: int | None, problem: str) -> None:
        super().__init__(f"{name}, line {line}: {problem}" if line else f"{name}: {problem}")
        self.line = line


@dataclass(frozen=True)
class Lines:
    """Lines of a file with their numbers in it, and their fields laid end to end."""

    name: str
    text: pa.Array
    numbers: NDArray[np.int64]
    counts: NDArray[np.int64]  # fields per line
    offsets: NDArray[np.int64]  # of each line's first field
    fields: pa.Array

    @classmethod
    def of(cls, name: str, text: pa.Array, numbers: NDArray[np.int64]) -> "Lines":
        split = pc.split_pattern(text, "|")
        offsets = split.offsets.to_numpy().astype(np.int64)
        return cls(name, text, numbers, np.diff(offsets), offsets[:-1], split.values)

    def __len__(self) -> int:
        return len(self.numbers)

    def where(self, mask: NDArray[np.bool_]) -> "Lines":
        return Lines(self.name, self.text.filter(pa.array(mask)), self.numbers[mask], self.counts[mask], self.offsets[mask], self.fields)

    def field(self, index: int) -> pa.Array:
        """The index-th field of every line, '' where a line is shorter."""
        there = self.counts > index
        values = self.fields.take(pa.array(np.where(there, self.offsets + index, 0)))
        return pc.if_else(pa.array(there), values, "")

    def require(self, good: pa.Array | NDArray[np.bool_], problem: str) -> None:
        """Refuse the file at the first line that is not good."""
        bad = np.flatnonzero(~np.asarray(good, bool))
        if len(bad):
            at = int(bad[0])
            shown = self.text[at].as_py()[:_SHOWN_CHARACTERS]
            raise DelegationFileError(self.name, int(self.numbers[at]), f"{problem}: {shown!r}")


def read_lines(path: Path) -> Lines:
    """The lines that say something, of a plain file or one packed by xz or gzip, whatever its name says."""
    raw = path.read_bytes()
    unpack = next((unpack for magic, unpack in _UNPACKERS.items() if raw.startswith(magic)), bytes)
    try:
        return lines_of(path.name, unpack(raw))
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise DelegationFileError(path.name, None, f"cannot be unpacked ({error})") from error


def lines_of(name: str, data: bytes) -> Lines:
    """The lines of a text that are neither blank nor comments; line ends may be LF or CRLF."""
    text = pa.array([data.decode("utf-8-sig", "replace")])
    lines = pc.ascii_trim_whitespace(pc.split_pattern(text, "\n").values)
    says_something = np.asarray(pc.and_(pc.not_equal(lines, ""), pc.invert(pc.starts_with(lines, "#"))))
    if not says_something.any():
        raise DelegationFileError(name, None, "is empty")
    return Lines.of(name, lines.filter(pa.array(says_something)), np.flatnonzero(says_something) + 1)
