"""What each sensor contributed to each of many rows, as bytes: `RECORD`s in order of the sensor's id, no wider than need be.

A body is one tag byte and then the records. The tag says in how many bytes each column lies, as powers of two of two bits each,
the lowest for `sensor`; within a row all records are alike. The columns of a record follow each other, little-endian, and how many
records there are is a matter of the length. No records are no bytes, not even a tag.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.observations.storage import ragged

RECORD = np.dtype([("sensor", "<u4"), ("sources", "<u4"), ("packets", "<u8")])  # distinct sources and packets of that sensor
_COLUMNS: tuple[str, ...] = RECORD.names or ()
_TOO_WIDE = np.array([1 << 8, 1 << 16, 1 << 32], np.uint64)  # for 1, 2 and 4 bytes


def encode_many(records: NDArray[Any], counts: NDArray[np.int64]) -> ragged.Ragged:
    """One body for each of `counts`, which says how many of the records, lying one after the other, belong to it."""
    tags = _tags(records, counts)
    forms = {tag: _form(tag) for tag in np.unique(tags).tolist()}
    sizes = np.zeros(256, np.int64)
    sizes[list(forms)] = [form.itemsize for form in forms.values()]
    lengths = np.where(counts > 0, 1 + sizes[tags] * counts, 0)
    data, is_tag = np.empty(int(lengths.sum()), np.uint8), _are_tags(lengths)
    data[is_tag] = tags[counts > 0]
    for tag, form in forms.items():
        bytes_, rows = np.repeat(tags == tag, lengths) & ~is_tag, np.repeat(tags == tag, counts)
        data[bytes_] = records[rows].astype(form).view(np.uint8)
    return ragged.Ragged(data, lengths)


def decode_many(bodies: Sequence[bytes]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """(the records of all bodies; which body each is of). Those of a body lie together and in order, the bodies in none.
    ValueError when a body is none of `encode_many`'s."""
    tags = np.fromiter((body[0] if body else -1 for body in bodies), np.int64, len(bodies))
    parts, numbers = [np.empty(0, RECORD)], [np.empty(0, np.int64)]
    for tag in np.unique(tags[tags >= 0]).tolist():
        alike = np.flatnonzero(tags == tag)
        part, counts = _decode([bodies[number] for number in alike.tolist()], _form(tag))
        parts.append(part)
        numbers.append(np.repeat(alike, counts))
    return np.concatenate(parts), np.concatenate(numbers)


def _decode(bodies: list[bytes], form: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """(the records of bodies of one form; how many each of them has)."""
    lengths = np.fromiter(map(len, bodies), np.int64, len(bodies))
    counts, left = np.divmod(lengths - 1, form.itemsize)
    if left.any() or not counts.all():
        raise ValueError(f"not records of sensors: some bodies are not made up of {form.itemsize} bytes each")
    data = np.frombuffer(b"".join(bodies), np.uint8)
    return data[~_are_tags(lengths)].view(form).astype(RECORD), counts


def _tags(records: NDArray[Any], counts: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The narrowest of each body; 0 where it has no records."""
    tags, some = np.zeros(len(counts), np.uint8), counts > 0
    if some.any():
        first = ragged.starts(counts)[some]
        for rank, column in enumerate(_COLUMNS):
            largest = np.maximum.reduceat(records[column], first).astype(np.uint64)
            tags[some] |= np.searchsorted(_TOO_WIDE, largest, side="right").astype(np.uint8) << np.uint8(2 * rank)
    return tags


def _form(tag: int) -> np.dtype[Any]:
    widths = [1 << (tag >> 2 * rank & 3) for rank in range(len(_COLUMNS))]
    if tag >> 2 * len(_COLUMNS) or any(width > RECORD[name].itemsize for name, width in zip(_COLUMNS, widths, strict=True)):
        raise ValueError(f"not records of sensors: they begin with {tag:#04x}")
    return np.dtype([(name, f"<u{width}") for name, width in zip(_COLUMNS, widths, strict=True)])


def _are_tags(lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of the bytes of all bodies, which are the first of one."""
    tags = np.zeros(int(lengths.sum()), np.bool_)
    tags[ragged.starts(lengths)[lengths > 0]] = True
    return tags
