"""A batch as columns. One NumPy array per field, so that nothing costs a Python object per row."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

MISSING = np.iinfo(np.int64).min  # stands for null in columns of numbers; no field allows it as a value

FLOW_NUMBERS = (
    "bucket", "protocol", "port", "signature", "packets", "bytes", "first_seen", "first_src_port",
    "last_seen", "last_src_port", "ttl_min", "syn_window",
)  # fmt: skip
SAMPLE_NUMBERS = ("seen_at", "src_port", "length", "ttl", "tcp_flags", "tcp_window", "payload_length")


@dataclass(frozen=True)
class Addresses:
    """`octets` (n, 16) hold an address in network order, IPv4 in the first four; `family` (n) is 4, 6, or 0 for none."""

    octets: NDArray[np.uint8]
    family: NDArray[np.uint8]


@dataclass(frozen=True)
class Blobs:
    """Byte strings of any length end to end: row i is data[offsets[i]:offsets[i + 1]], and null where not `valid`.
    `broken` says where the sender's text was no byte string at all."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    valid: NDArray[np.bool_]
    broken: NDArray[np.bool_]

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.offsets)


@dataclass(frozen=True)
class Samples:
    """Packet samples; `flow` is the row of the flow each belongs to. Times are Unix milliseconds."""

    flow: Ints
    numbers: dict[str, Ints]  # by SAMPLE_NUMBERS
    tcp_options: Blobs
    payload: Blobs

    def __len__(self) -> int:
        return len(self.flow)


@dataclass(frozen=True)
class Flows:
    """The flows of a batch. `bucket` is Unix seconds, `first_seen` and `last_seen` are Unix milliseconds;
    `first_row` is the number by which the sender counts row 0."""

    numbers: dict[str, Ints]  # by FLOW_NUMBERS; signature −1 where the label is unknown
    src: Addresses
    samples: Samples
    first_row: int

    def __len__(self) -> int:
        return len(self.src.family)

    def __getitem__(self, name: str) -> Ints:
        return self.numbers[name]
