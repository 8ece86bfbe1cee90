"""The rules every flow and sample must keep, each over whole columns at once."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from apps.common.ports import ICMP, ICMPV6, TCP, UDP
from apps.observations.intake import addresses, wire
from apps.observations.intake.frames import MISSING, Blobs, Flows, Ints, Samples
from apps.observations.intake.wire import Header, RowProblem, RowsError

Mask = NDArray[np.bool_]
Finding = tuple[str, str, Mask]  # field, problem, where

_PORT = (0, 65_535)
_REQUIRED = {"packets": (1, wire.MAX_PACKETS), "protocol": (0, 255), "port": _PORT}
_OPTIONAL = {
    "bytes": (0, wire.MAX_BYTES),
    "first_src_port": _PORT,
    "last_src_port": _PORT,
    "ttl_min": (0, 255),
    "syn_window": (0, 65_535),
}
_SAMPLE_REQUIRED = {"src_port": _PORT, "length": (1, 65_535), "payload_length": (0, 65_535)}
_SAMPLE_OPTIONAL = {"ttl": (0, 255), "tcp_flags": (0, 511), "tcp_window": (0, 65_535)}
_MAX_TCP_OPTIONS = 40
_BUCKET_MS = wire.BUCKET_S * 1000
# Odd multipliers that spread flow keys over 64 bits; equal spread keys are then compared for real.
_SPREAD = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)


def check(flows: Flows, header: Header) -> None:
    """RowsError naming the first bad rows, if any row breaks a rule."""
    findings = [finding for finding in _flow_findings(flows, header) if finding[2].any()]
    sample_findings = [finding for finding in _sample_findings(flows) if finding[2].any()]
    if not (findings or sample_findings):
        return
    findings += [(f"samples.{field}", problem, _of_flows(where, flows)) for field, problem, where in sample_findings]
    bad_rows = int(np.logical_or.reduce([where for _field, _problem, where in findings]).sum())
    raise RowsError([problem for finding in findings for problem in _named(finding, flows.first_row)], bad_rows)


def _named(finding: Finding, first_row: int) -> list[RowProblem]:
    field, problem, where = finding
    return [RowProblem(int(row) + first_row, field, problem) for row in np.flatnonzero(where)[: wire.MAX_NAMED_ROWS]]


def _of_flows(where: Mask, flows: Flows) -> Mask:
    """Where flows have a sample that is bad."""
    mask = np.zeros(len(flows), bool)
    mask[flows.samples.flow[where]] = True
    return mask


# Flows


def _flow_findings(flows: Flows, header: Header) -> Iterator[Finding]:
    yield from _number_findings(flows.numbers, _REQUIRED, _OPTIONAL)
    yield "signature", f"must be one of {', '.join(wire.SIGNATURES)}", flows["signature"] < 0
    yield "src", "must be an IPv4 or IPv6 address", flows.src.family == 0
    yield "src", "is an IPv4 address in IPv6 form; send it as IPv4", addresses.is_mapped(flows.src)
    portless = ~np.isin(flows["protocol"], (TCP, UDP, ICMP, ICMPV6))
    yield "port", "must be 0 for protocols other than TCP, UDP, ICMP and ICMPv6", portless & (flows["port"] > 0)
    yield from _time_findings(flows, header)
    yield "", "has the same bucket, src, protocol, port and signature as an earlier row", repeated(flows)


def _time_findings(flows: Flows, header: Header) -> Iterator[Finding]:
    bucket, first, last = (flows[name] for name in ("bucket", "first_seen", "last_seen"))
    start, end = int(header.start.timestamp()), int(header.end.timestamp())
    yield "bucket", f"must be Unix seconds at a full minute (a multiple of {wire.BUCKET_S})", (bucket < 0) | (bucket % wire.BUCKET_S != 0)
    # A minute belongs to the interval when they share an instant: an agent may start in the middle of one.
    outside = (bucket <= start - wire.BUCKET_S) | (bucket >= end)
    yield "bucket", "lies outside the interval of the header", outside & (bucket >= 0)
    known = ~outside & (bucket >= 0)
    begin = np.where(known, bucket, 0) * 1000
    yield "first_seen", "must be Unix milliseconds inside the bucket's minute", known & ((first < begin) | (first >= begin + _BUCKET_MS))
    yield "last_seen", "must be Unix milliseconds inside the bucket's minute", known & ((last < begin) | (last >= begin + _BUCKET_MS))
    yield "last_seen", "is before first_seen", last < first


def repeated(flows: Flows) -> Mask:
    """Where a row has the key of an earlier one. Rows whose address or numbers are bad may count as repeats too."""
    key = _key_columns(flows)
    spread = np.zeros(len(flows), np.uint64)
    for column, factor in zip(key, _SPREAD, strict=True):
        spread = (spread ^ column) * np.uint64(factor)
        spread ^= spread >> np.uint64(29)
    order = np.argsort(spread, kind="stable")
    if not (np.diff(spread[order].view(np.int64)) == 0).any():
        return np.zeros(len(flows), bool)
    order = np.lexsort([np.arange(len(flows)), *key])
    same = np.logical_and.reduce([column[order][1:] == column[order][:-1] for column in key])
    mask = np.zeros(len(flows), bool)
    mask[order[1:][same]] = True
    return mask


def _key_columns(flows: Flows) -> tuple[NDArray[np.uint64], ...]:
    halves = np.ascontiguousarray(flows.src.octets).view(np.uint64)
    small = flows["protocol"] << 40 ^ flows["port"] << 16 ^ flows["signature"] << 8 ^ flows.src.family.astype(np.int64)
    return halves[:, 0], halves[:, 1], flows["bucket"].view(np.uint64), small.view(np.uint64)


# Samples


def _sample_findings(flows: Flows) -> Iterator[Finding]:
    samples = flows.samples
    if not len(samples):
        return
    yield from _number_findings(samples.numbers, _SAMPLE_REQUIRED, _SAMPLE_OPTIONAL)
    begin = flows["bucket"][samples.flow] * 1000
    seen_at = samples.numbers["seen_at"]
    yield "seen_at", "must be Unix milliseconds inside the bucket's minute", (seen_at < begin) | (seen_at >= begin + _BUCKET_MS)
    yield from _blob_findings("tcp_options", samples.tcp_options, _MAX_TCP_OPTIONS)
    yield from _blob_findings("payload", samples.payload, wire.MAX_SAMPLE_PAYLOAD)
    yield "payload", "is missing", ~samples.payload.valid
    yield "payload_length", "is less than the payload sent", samples.numbers["payload_length"] < samples.payload.lengths
    yield "", f"are more than {wire.MAX_SAMPLES_PER_FLOW} for one flow", _beyond_limit(samples)


def _beyond_limit(samples: Samples) -> Mask:
    per_flow = np.bincount(samples.flow)
    return per_flow[samples.flow] > wire.MAX_SAMPLES_PER_FLOW


def _blob_findings(name: str, blobs: Blobs, most: int) -> Iterator[Finding]:
    yield name, "must be hexadecimal digits, two for each byte", blobs.broken
    yield name, f"must be at most {most} bytes", blobs.lengths > most


# Numbers of both


def _number_findings(
    columns: dict[str, Ints], required: dict[str, tuple[int, int]], optional: dict[str, tuple[int, int]]
) -> Iterator[Finding]:
    for name, (low, high) in required.items():
        values = columns[name]
        yield name, f"must be an integer from {low} to {high}", (values < low) | (values > high)
    for name, (low, high) in optional.items():
        values = columns[name]
        yield name, f"must be an integer from {low} to {high}, or absent", (values != MISSING) & ((values < low) | (values > high))
