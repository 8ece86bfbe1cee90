"""Reading the published honeypot log, and counting its packets into flows."""

import gzip
import lzma

import numpy as np
import pytest

from apps.observations import sample
from apps.observations.importers import marx
from apps.observations.importers.packets import flows_by_sensor
from apps.observations.intake.frames import MISSING

HEAD = '"datetime","host","src","proto","type","spt","dpt"\n'
GOOD = "2013-03-03 21:53:59,one,1032051418,TCP,,6000,1433\n"


def read(tmp_path, *lines, name="log.csv", pack=bytes):
    path = tmp_path / name
    path.write_bytes(pack((HEAD + "".join(lines)).encode()))
    return marx.read(path)


@pytest.mark.parametrize(("name", "pack"), [("a.csv", bytes), ("a.csv.gz", gzip.compress), ("a.csv.xz", lzma.compress)])
def test_a_log_reads_the_same_however_it_is_compressed(tmp_path, name, pack):
    packets = read(tmp_path, GOOD, name=name, pack=pack)
    assert (packets.sensors, packets.at.tolist(), packets.src.tolist()) == (("one",), [1362347639000], [1032051418])
    assert (packets.protocol.tolist(), packets.port.tolist(), packets.src_port.tolist()) == ([6], [1433], [6000])
    assert packets.digest == read(tmp_path, GOOD).digest


def test_icmp_is_its_type_and_code_0(tmp_path):
    packets = read(tmp_path, "2013-03-03 21:53:59,one,1,ICMP,8,,\n")
    assert (packets.protocol.tolist(), packets.port.tolist(), packets.src_port.tolist()) == ([1], [2048], [MISSING])


def test_rows_that_are_no_packets_are_counted_by_their_reason(tmp_path):
    packets = read(
        tmp_path,
        GOOD,
        "yesterday,one,1,TCP,,1,2\n",
        ",one,1,TCP,,1,2\n",
        "2013-03-03 21:53:59,,1,TCP,,1,2\n",
        "2013-03-03 21:53:59,one,,TCP,,1,2\n",
        "2013-03-03 21:53:59,one,4294967296,TCP,,1,2\n",
        "2013-03-03 21:53:59,one,-1,TCP,,1,2\n",
        "2013-03-03 21:53:59,one,1,GRE,,1,2\n",
        "2013-03-03 21:53:59,one,1,ICMP,,1,2\n",
        "2013-03-03 21:53:59,one,1,UDP,,1,\n",
        "2013-03-03 21:53:59,one,1,UDP,,1,70000\n",
        "2013-03-03 21:53:59,one,1,UDP,,,53\n",
    )
    assert dict(packets.skipped) == {
        "no time": 2,
        "no sensor": 1,
        "no source address": 3,
        "another protocol than TCP, UDP, ICMP": 1,
        "no ICMP type": 1,
        "no destination port": 2,
    }
    assert packets.src_port.tolist() == [6000, MISSING]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "\x00\x01"])
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(ValueError, match="not a log of this format"):
        marx.read(tmp_path / "log.csv")


def test_a_log_without_packets_has_no_flows(tmp_path):
    assert flows_by_sensor(read(tmp_path)) == {}


def test_packets_are_counted_by_minute_and_equal_rows_are_packets(tmp_path):
    packets = read(
        tmp_path,
        "2013-03-03 10:00:59,b,5,TCP,,1003,23\n",  # out of order, as a quarter of the log is
        "2013-03-03 10:00:01,b,5,TCP,,1001,23\n",
        "2013-03-03 10:00:01,b,5,TCP,,1001,23\n",
        "2013-03-03 10:01:00,b,5,TCP,,1004,23\n",
        "2013-03-03 10:00:30,a,5,TCP,,1002,23\n",
        "2013-03-03 10:00:30,b,5,UDP,,1002,23\n",
    )
    flows = flows_by_sensor(packets)
    assert list(flows) == ["a", "b"]
    b = flows["b"].columns
    assert b["packets"].tolist() == [3, 1, 1]
    assert b["protocol"].tolist() == [6, 17, 6]
    assert (b["first_seen"] % 60_000).tolist() == [1000, 30_000, 0]
    assert (b["last_seen"] % 60_000).tolist() == [59_000, 30_000, 0]
    assert b["first_src_port"].tolist() == [1001, 1002, 1004]
    assert b["last_src_port"].tolist() == [1003, 1002, 1004]


def test_the_shipped_sample_has_all_nine_sensors_and_every_packet_lands_in_a_flow():
    packets = marx.read(sample.LOG)
    flows = flows_by_sensor(packets)
    assert packets.sensors == sample.SENSORS
    assert dict(packets.skipped) == {}
    assert sum(int(part["packets"].sum()) for part in flows.values()) == len(packets)
    assert (np.ptp(packets.at) / 86_400_000) >= 56
    assert all((np.diff(part["bucket"]) >= 0).all() for part in flows.values())
    assert (sample.LOG.parent / "LICENSE.md").exists()
    assert sample.LOG.stat().st_size <= 10 * 2**20
