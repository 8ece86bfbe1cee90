"""Byte strings of different lengths, kept as one flat array: what numpy can build without a Python object per row."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Ragged(NamedTuple):
    """`data` (uint8) holds the strings one after the other; `lengths` (int64) has the bytes of each."""

    data: NDArray[np.uint8]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, strings: Sequence[bytes]) -> "Ragged":
        return cls(np.frombuffer(b"".join(strings), np.uint8), np.array([len(string) for string in strings], np.int64))

    def to_list(self) -> list[bytes]:
        ends = np.cumsum(self.lengths)
        whole = self.data.tobytes()
        return [whole[end - length : end] for end, length in zip(ends.tolist(), self.lengths.tolist(), strict=True)]


def starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each piece begins when pieces of these lengths lie one after the other."""
    return np.cumsum(lengths) - lengths


def join(heads: NDArray[np.uint8], *tails: Ragged) -> Ragged:
    """Row by row: the fixed-width head (shape n × width), then the strings of each tail."""
    width = heads.shape[1]
    lengths = width + sum((tail.lengths for tail in tails), np.zeros(len(heads), np.int64))
    row_starts = starts(lengths)
    out = np.empty(int(lengths.sum()), np.uint8)
    out[(row_starts[:, None] + np.arange(width)).ravel()] = heads.ravel()
    at = row_starts + width
    for tail in tails:
        out[np.repeat(at - starts(tail.lengths), tail.lengths) + np.arange(len(tail.data))] = tail.data
        at = at + tail.lengths
    return Ragged(out, lengths)
