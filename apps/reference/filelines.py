"""The lines of a published file as columns, each field with the number of its line."""

import gzip
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.common.errors import DomainError

MAX_BYTES = 512 << 20  # unpacked; a full table of routes is a tenth of it
_OPENERS = {b"\xfd7zXZ": lzma.open, b"\x1f\x8b": gzip.open}
_SHOWN_CHARACTERS = 120


class FileError(DomainError):
    """A file that cannot be trusted whole is not loaded at all. `line` counts from 1; None: the file as such."""

    def __init__(self, name: str, line: int | None, problem: str) -> None:
        super().__init__(f"{name}, line {line}: {problem}" if line else f"{name}: {problem}")
        self.line = line


class DelegationFileError(FileError):
    code = "bad_delegation_file"


class RouteFileError(FileError):
    code = "bad_route_file"


@dataclass(frozen=True)
class Form:
    """What the lines of one kind of file have in common: what begins a comment, how fields are told apart, and how a file
    that is wrong is refused."""

    comment: str
    split: Callable[[pa.Array], pa.ListArray]
    error: type[FileError]


DELEGATIONS = Form("#", lambda text: pc.split_pattern(text, "|"), DelegationFileError)
ROUTES = Form(";", pc.ascii_split_whitespace, RouteFileError)


@dataclass(frozen=True)
class Lines:
    """Lines of a file with their numbers in it, and their fields laid end to end."""

    name: str
    form: Form
    text: pa.Array
    numbers: NDArray[np.int64]
    counts: NDArray[np.int64]  # fields per line
    offsets: NDArray[np.int64]  # of each line's first field
    fields: pa.Array

    @classmethod
    def of(cls, name: str, form: Form, text: pa.Array, numbers: NDArray[np.int64]) -> "Lines":
        split = form.split(text)
        offsets = split.offsets.to_numpy().astype(np.int64)
        return cls(name, form, text, numbers, np.diff(offsets), offsets[:-1], split.values)

    def __len__(self) -> int:
        return len(self.numbers)

    def where(self, mask: NDArray[np.bool_]) -> "Lines":
        text = self.text.filter(pa.array(mask))
        return Lines(self.name, self.form, text, self.numbers[mask], self.counts[mask], self.offsets[mask], self.fields)

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
            raise self.form.error(self.name, int(self.numbers[at]), f"{problem}: {shown!r}")


def read_lines(path: Path, form: Form) -> Lines:
    """The lines that say something, of a plain file or one packed by xz or gzip, whatever its name says."""
    with path.open("rb") as file:
        magic = file.read(6)
        file.seek(0)
        opener = next((opener for start, opener in _OPENERS.items() if magic.startswith(start)), None)
        try:
            data = (opener(file, "rb") if opener else file).read(MAX_BYTES + 1)  # type: ignore[operator]  # both take these
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            raise form.error(path.name, None, f"cannot be unpacked ({error})") from error
    if len(data) > MAX_BYTES:
        raise form.error(path.name, None, f"is larger than {MAX_BYTES >> 20} MiB")
    return lines_of(path.name, data, form)


def lines_of(name: str, data: bytes, form: Form) -> Lines:
    """The lines of a text that are neither blank nor comments; line ends may be LF or CRLF."""
    text = pa.array([data.decode("utf-8-sig", "replace")])
    lines = pc.ascii_trim_whitespace(pc.split_pattern(text, "\n").values)
    says_something = np.asarray(pc.and_(pc.not_equal(lines, ""), pc.invert(pc.starts_with(lines, form.comment))))
    if not says_something.any():
        raise form.error(name, None, "is empty")
    return Lines.of(name, form, lines.filter(pa.array(says_something)), np.flatnonzero(says_something) + 1)
