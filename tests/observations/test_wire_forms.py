"""NDJSON and Arrow are two ways to say one thing: the same rows give the same columns, or the same refusal."""

import struct
from datetime import UTC, datetime
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.observations.intake import decoding, validation, wire
from apps.observations.intake.addresses import blobs_of
from apps.observations.intake.copying import flow_columns, flow_payload
from apps.observations.intake.wire import RowsError
from tests.observations.batches import MINUTE, NOW, arrow, flow, header, ndjson, sample

LIMITS = decoding.Limits(flows=1000, earliest=None, latest=NOW)


def maybe(strategy):
    return st.none() | strategy


ports = st.integers(0, 65_535)
samples = st.builds(
    sample,
    seen_at=st.integers(MINUTE * 1000, MINUTE * 1000 + 59_999),
    src_port=ports,
    length=st.integers(0, 65_535),
    ttl=maybe(st.integers(0, 255)),
    tcp_flags=maybe(st.integers(0, 512)),
    tcp_window=maybe(ports),
    tcp_options=maybe(st.binary(max_size=41).map(bytes.hex)),
    payload_length=st.integers(100, 65_535),
    payload=st.binary(max_size=120).map(bytes.hex),
)
flows = st.builds(
    flow,
    bucket=st.just(MINUTE),
    src=st.ip_addresses().map(str),
    protocol=st.sampled_from([1, 6, 17, 47, 58]),
    port=st.sampled_from([0, 0, 23, 65_535]),
    signature=st.sampled_from(wire.SIGNATURES),
    packets=st.integers(-1, 2**40),
    bytes=maybe(st.integers(-1, 2**50)),
    first_seen=st.integers(MINUTE * 1000, MINUTE * 1000 + 60_000),
    last_seen=st.integers(MINUTE * 1000, MINUTE * 1000 + 60_000),
    first_src_port=maybe(ports),
    last_src_port=maybe(ports),
    ttl_min=maybe(st.integers(0, 255)),
    syn_window=maybe(ports),
    samples=maybe(st.lists(samples, max_size=4)),
)


def outcome(plain, media_type, shift):
    """What comes of a batch, with rows counted from 0."""
    try:
        head, decoded = decoding.decode(plain, media_type, LIMITS)
        validation.check(decoded, head)
    except RowsError as error:
        return [(problem.row - shift, problem.field, problem.problem) for problem in error.rows], error.bad_rows
    return head, decoded


def same_blobs(one, other):
    return (
        (one.valid == other.valid).all()
        and (one.lengths == other.lengths).all()
        and one.data[one.offsets[0] : one.offsets[-1]].tobytes() == other.data[other.offsets[0] : other.offsets[-1]].tobytes()
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(flows, max_size=12), st.integers(1, 3))
def test_both_forms_mean_the_same(rows, batches):
    as_lines = outcome(ndjson(header(), rows), wire.NDJSON, 2)
    as_arrow = outcome(arrow(header(), rows, batches=batches), wire.ARROW, 1)
    if not isinstance(as_lines[0], wire.Header):
        assert as_lines == as_arrow
        return
    (head, one), (other_head, other) = as_lines, as_arrow
    assert head == other_head
    assert len(one) == len(rows)
    assert all((one[name] == other[name]).all() for name in one.numbers)
    assert (one.src.octets == other.src.octets).all()
    assert (one.samples.flow == other.samples.flow).all()
    assert all((one.samples.numbers[name] == other.samples.numbers[name]).all() for name in one.samples.numbers)
    assert same_blobs(one.samples.tcp_options, other.samples.tcp_options)
    assert same_blobs(one.samples.payload, other.samples.payload)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_no_line_whatever_crashes_the_reader(line):
    body = ndjson(header()) + line
    try:
        decoding.decode(body, wire.NDJSON, LIMITS)
    except RowsError as error:
        assert error.rows


@pytest.mark.parametrize("octet", [0, 1, 0x7F, 0xFF])
def test_no_damaged_arrow_stream_crashes_the_reader(octet):
    whole = arrow(header(), [flow(samples=[sample()]), flow(port=24)])
    for position in range(len(whole) - 8):
        body = whole[:position] + bytes([octet]) + whole[position + 1 :]
        try:
            head, decoded = decoding.decode(body, wire.ARROW, LIMITS)
            validation.check(decoded, head)
        except wire.IngestError as error:
            assert error.status in {400, 413, 422}, position


def mutated(whole: bytes, random: Random) -> bytes:
    """A stream damaged at one to four places, its end kept."""
    octets = bytearray(whole)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(octets) - 16)
        match random.randrange(4):
            case 0:
                octets[at] ^= 1 << random.randrange(8)
            case 1:
                at -= at % 4
                octets[at : at + 4] = struct.pack("<i", random.choice([0, 1, -1, 8, 255, 2**16, 2**31 - 1, -(2**31)]))
            case 2:
                at -= at % 8
                octets[at : at + 8] = struct.pack("<q", random.choice([0, 1, -1, 7, 2**32, 2**63 - 1, -(2**63)]))
            case _:
                there = random.randrange(len(octets) - 16)
                octets[at : at + 8] = octets[there : there + 8]
    return bytes(octets[:-8]) + whole[-8:]


def test_no_arrow_stream_damaged_at_random_crashes_the_reader():
    """A crash would take the whole test run with it. Longer: more rounds and another seed."""
    random = Random(20130303)
    bases = [arrow(header(), [flow(samples=[sample()]), flow(port=24, ttl_min=None)]), arrow(header(), [flow(port=p) for p in range(9)])]
    read = 0
    for _ in range(3000):
        body = mutated(random.choice(bases), random)
        try:
            head, decoded = decoding.decode(body, wire.ARROW, LIMITS)
            validation.check(decoded, head)
            flow_payload(flow_columns(decoded, 1, 1), decoded.src, slice(None))
            read += 1
        except wire.IngestError as error:
            assert error.status in {400, 413, 422}
    assert 0 < read < 3000


def test_offsets_that_end_in_the_middle_of_a_number_are_read_as_far_as_they_are_whole():
    octets = struct.pack("<3i", 0, 2, 4) + b"\1\2"
    column = pa.Array.from_buffers(pa.binary(), 2, [None, pa.py_buffer(octets), pa.py_buffer(b"abcd")])
    assert blobs_of(column).lengths.tolist() == [2, 2]


def test_the_binary_rows_of_copy_have_one_length_for_each_shape():
    rows = [flow(), flow(src="2606:2800::1"), flow(port=24, ttl_min=None), flow(port=25, ttl_min=None, syn_window=None)]
    _head, decoded = decoding.decode(ndjson(header(), rows), wire.NDJSON, LIMITS)
    payload = flow_payload(flow_columns(decoded, 1, 1), decoded.src, slice(None))
    whole = 2 + 15 * 4 + 6 * 8 + 5 * 4 + 3 * 2 + 8
    assert len(payload) == 19 + 2 + 4 * whole + 12 - 2 - 2 - 4


def test_times_reach_copy_in_microseconds_of_postgresql():
    _head, decoded = decoding.decode(ndjson(header(), [flow()]), wire.NDJSON, LIMITS)
    columns = flow_columns(decoded, 1, 1)
    since = datetime.fromtimestamp(MINUTE, UTC) - datetime(2000, 1, 1, tzinfo=UTC)
    assert columns["bucket"].tolist() == [int(since.total_seconds()) * 1_000_000]
    assert np.array_equal(columns["first_seen"] - columns["bucket"], [1_500_000])
