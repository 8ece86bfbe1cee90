"""Packets by key and sensor are the same by table and by sorting."""

import numpy as np
import pytest

from apps.observations.planning import countreads

CHANCE = np.random.default_rng(11)


@pytest.mark.parametrize("records", [0, 1, 500])
def test_packets_by_sensor_are_the_same_by_table_and_by_sorting(records, monkeypatch):
    keys = np.array([3, 7, 1 << 40])
    code, sensor = CHANCE.integers(0, 3, records), CHANCE.integers(1, 9, records)
    packets = CHANCE.integers(1, 1 << 40, records).astype(np.uint64)
    found = []
    for most in (0, 1 << 22):  # never a table, always one
        monkeypatch.setattr(countreads, "_MOST_PAIRS", most)
        frame = countreads._by_sensor(keys, code, sensor, packets)
        found.append(list(zip(*(frame[name].tolist() for name in ("key", "sensor", "packets")), strict=True)))
    expected: dict[tuple[int, int], int] = {}
    for number, one, count in zip(code.tolist(), sensor.tolist(), packets.tolist(), strict=True):
        pair = int(keys[number]), one
        expected[pair] = expected.get(pair, 0) + count
    assert found[0] == found[1] == [(*pair, expected[pair]) for pair in sorted(expected)]
