"""The honeypot log that Jay Jacobs and Bob Rudis published with "Data-Driven Security" (iptables, nine sensors, 2013).

CSV with a header line; columns used: datetime (UTC, to the second), host (the sensor), src (IPv4 as an integer),
proto, type (ICMP), spt, dpt. It tells no ICMP code (0 is taken), no lengths, TTLs, windows or sequence numbers.
"""

import gzip
import hashlib
import io
import lzma
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from apps.common.ports import ICMP, TCP, UDP
from apps.observations.importers.packets import Ints, Packets
from apps.observations.intake.frames import MISSING

_COLUMNS = ("datetime", "host", "src", "proto", "type", "spt", "dpt")
_PROTOCOLS = {"TCP": TCP, "UDP": UDP, "ICMP": ICMP}
_OPENERS = {".xz": lzma.decompress, ".gz": gzip.decompress}


class LogError(ValueError):
    """The file is not of the format it was said to be."""


def read(path: Path) -> Packets:
    """All packets of the log in `path` (.csv, .csv.gz, .csv.xz); LogError when it is something else."""
    content = _OPENERS.get(path.suffix, bytes)(path.read_bytes())
    rows = _table(content)
    at = _times(rows["datetime"])
    src, kind, src_port, dst_port = (_integers(rows[name]) for name in ("src", "type", "spt", "dpt"))
    protocol = _protocols(rows["proto"])
    is_icmp = protocol == ICMP
    port = np.where(is_icmp, np.where(kind == MISSING, MISSING, kind << 8), dst_port)
    reasons = {
        "no time": at == MISSING,
        "no sensor": _is_blank(rows["host"]),
        "no source address": (src < 0) | (src >= 1 << 32),
        "another protocol than TCP, UDP, ICMP": protocol == MISSING,
        "no ICMP type": is_icmp & ((kind < 0) | (kind > 255)),
        "no destination port": ~is_icmp & ((dst_port < 0) | (dst_port > 65_535)),
    }
    good, skipped = _sieve(reasons)
    sensors = rows["host"].filter(pa.array(good)).dictionary_encode()
    names = sorted(sensors.dictionary.to_pylist())
    number = np.array([names.index(name) for name in sensors.dictionary.to_pylist()], np.int64)
    return Packets(
        sensors=tuple(names),
        sensor=number[sensors.indices.to_numpy()] if names else np.zeros(0, np.int64),
        at=at[good] * 1000,
        src=src[good],
        protocol=protocol[good],
        port=port[good],
        src_port=np.where(is_icmp | (src_port < 0) | (src_port > 65_535), MISSING, src_port)[good],
        digest=hashlib.sha256(content).hexdigest(),
        skipped=skipped,
    )


def _table(content: bytes) -> dict[str, pa.Array]:
    """The columns as text, so that one odd value costs one row and not the file."""
    convert = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(_COLUMNS, pa.string()), include_columns=_COLUMNS, strings_can_be_null=True
    )
    try:
        table = pyarrow.csv.read_csv(io.BytesIO(content), convert_options=convert)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise LogError(f"not a log of this format: {error}") from error
    return {name: table[name].combine_chunks() for name in _COLUMNS}


def _times(column: pa.Array) -> Ints:
    """Unix seconds; MISSING where the text is no time."""
    times = pc.strptime(column, format="%Y-%m-%d %H:%M:%S", unit="s", error_is_null=True)
    return pc.fill_null(times.cast(pa.int64()), MISSING).to_numpy(zero_copy_only=False)


def _integers(column: pa.Array) -> Ints:
    """MISSING where the text is no number of up to ten digits."""
    is_number = pc.fill_null(pc.match_substring_regex(column, r"^\d{1,10}$"), False)
    return pc.fill_null(pc.if_else(is_number, column, None).cast(pa.int64()), MISSING).to_numpy(zero_copy_only=False)


def _protocols(column: pa.Array) -> Ints:
    known = pc.index_in(column, value_set=pa.array(_PROTOCOLS)).to_numpy(zero_copy_only=False)
    numbers = np.array([*_PROTOCOLS.values(), MISSING], np.int64)
    return numbers[np.nan_to_num(known, nan=len(_PROTOCOLS)).astype(np.int64)]


def _is_blank(column: pa.Array) -> NDArray[np.bool_]:
    return pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True).to_numpy(zero_copy_only=False)


def _sieve(reasons: dict[str, NDArray[np.bool_]]) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Where no reason holds, and how many rows fell to each; a row counts under its first reason."""
    good = ~np.zeros_like(next(iter(reasons.values())))
    skipped = {}
    for reason, where in reasons.items():
        fallen = good & where
        good &= ~where
        if fallen.any():
            skipped[reason] = int(fallen.sum())
    return good, skipped
