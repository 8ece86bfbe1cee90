"""NDJSON and Arrow are two ways to say one thing: the same rows give the same columns, or the same refusal."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.observations.intake import decoding, validation, wire
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
