"""Rows put aside in a file by port while a month is read sensor by sensor, and taken back some ports at a time.

A month of 100 sensors is too many rows to hold at once, and reading its segments once for every part would take most of the
time that closing it takes.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO

import numpy as np

from apps.observations.storage.columns import COLUMNS, Frame

_TYPES = {**COLUMNS, "fresh_days": np.dtype(np.uint8)}  # the days of a month


class Aside:
    """Frames with the columns `names`, `port` among them, split into parts that share no port."""

    def __init__(self, file: IO[bytes], names: Iterable[str], parts: int) -> None:
        self._file = file
        self._row = np.dtype([(name, _TYPES[name]) for name in names])
        self._pieces: list[list[tuple[int, int]]] = [[] for _part in range(parts)]  # of each part, where its rows begin and how many

    def put(self, frame: Frame) -> None:
        part = frame["port"] % len(self._pieces)
        order = np.argsort(part, kind="stable")
        rows = np.empty(len(order), self._row)
        for name in self._row.names or ():
            rows[name] = frame[name][order]
        at = self._file.tell()
        for number, count in enumerate(np.bincount(part, minlength=len(self._pieces)).tolist()):
            self._pieces[number].append((at, count))
            at += count * self._row.itemsize
        self._file.write(rows.tobytes())

    def parts(self) -> Iterator[Frame]:
        """The rows of one part after the other."""
        for pieces in self._pieces:
            rows = np.concatenate([self._taken(*piece) for piece in pieces] or [np.empty(0, self._row)])
            yield {name: np.ascontiguousarray(rows[name]) for name in self._row.names or ()}

    def _taken(self, at: int, count: int) -> np.ndarray:
        self._file.seek(at)
        return np.frombuffer(self._file.read(count * self._row.itemsize), self._row)


@contextmanager
def put_aside(names: Iterable[str], parts: int) -> Iterator[Aside]:
    with TemporaryFile() as file:
        yield Aside(file, names, parts)
