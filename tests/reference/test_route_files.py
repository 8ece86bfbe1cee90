"""Tables of routes in their two forms, and what is wrong with them."""

import gzip
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.reference import filelines, routeorigins
from apps.reference.filelines import RouteFileError
from apps.reference.models import Family
from apps.reference.route_files import RouteFile, parse, read
from apps.reference.routeorigins import asns_in, canonical

V4, V6 = Family.IPV4, Family.IPV6
DOC4, DOC6 = 0xC000_0200, 0x2001_0DB8 << 32
PREFIX2AS = b"192.0.2.0\t24\t64500\n2001:db8::\t32\t64501\n"


def rows(file: RouteFile, family: Family = V4) -> list[tuple[int, int, str]]:
    return list(zip(*(column.to_pylist() for column in file.tables[family].columns), strict=True))


def test_prefix2as_of_both_families():
    file = parse("table", PREFIX2AS)
    assert rows(file) == [(DOC4, 24, "64500")]
    assert rows(file, V6) == [(DOC6, 32, "64501")]
    assert file.warnings == ()


def test_the_dat_form_of_pyasn_with_comments():
    dat = b"; IP-ASN32-DAT file\r\n; Original file : <example>\r\n192.0.2.0/24\t64500\r\n2001:db8:4::/48\t65536\r\n"
    assert rows(parse("dat", dat)) == [(DOC4, 24, "64500")]
    assert rows(parse("dat", dat), V6) == [(DOC6 | 4 << 16, 48, "65536")]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_packed_files_are_known_by_their_content(tmp_path, pack):
    (tmp_path / "table").write_bytes(pack(PREFIX2AS))
    assert rows(read(tmp_path / "table")) == [(DOC4, 24, "64500")]


def test_a_family_that_is_not_there_has_no_table():
    assert list(parse("table", b"192.0.2.0\t24\t64500\n").tables) == [V4]


def test_rows_are_sorted_and_repeated_lines_count_once():
    file = parse("table", b"198.51.100.0\t24\t64502\n192.0.2.0\t25\t64501\n192.0.2.0\t24\t64500\n192.0.2.0\t24\t64500\n")
    assert rows(file) == [(DOC4, 24, "64500"), (DOC4, 25, "64501"), (0xC633_6400, 24, "64502")]
    assert file.warnings == ()


def test_a_prefix_on_several_lines_was_announced_by_all_of_them():
    file = parse("table", b"192.0.2.0\t24\t64501\n192.0.2.0\t24\t64500_64501\n203.0.113.0\t24\t64502\n")
    assert rows(file) == [(DOC4, 24, "64501_64500"), (0xCB00_7100, 24, "64502")]
    assert file.warnings == ("1 IPv4 prefixes are there with several origins; all of them are kept",)


def test_what_tells_nothing_of_an_address_is_left_out_and_named():
    file = parse("table", b"0.0.0.0\t0\t64500\n192.0.2.0\t24\t64500\n::\t0\t64500\n2001:db8::\t96\t64500\nfd00::\t8\t64500\n")
    assert rows(file) == [(DOC4, 24, "64500")]
    assert V6 not in file.tables
    assert [warning.partition(" are")[0] for warning in file.warnings] == ["1 IPv4 prefixes", "3 IPv6 prefixes"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("192.0.2.0\t24", "expected three fields"),
        ("192.0.2.0\t24\t64500\t1", "expected three fields"),
        ("192.0.2.0/24\t64500", "expected three fields"),
        ("192.0.2.256\t24\t64500", "the prefix is no IPv4 address"),
        ("192.0.2\t24\t64500", "the prefix is no IPv4 address"),
        ("example.org\t24\t64500", "the prefix is no IPv4 address"),
        ("192.0.2.0\t33\t64500", "the prefix length is over 32"),
        ("192.0.2.0\t-1\t64500", "the prefix length is no number"),
        ("192.0.2.0\tx\t64500", "the prefix length is no number"),
        ("192.0.2.1\t24\t64500", "the prefix has bits beyond its length"),
        ("2001:db8::\t129\t64500", "the prefix length is over 128"),
        ("2001:db8::g\t32\t64500", "the prefix is no IPv6 address"),
        ("2001:db8::1\t64\t64500", "the prefix has bits beyond its length"),
        ("2001:db8:0:1::\t32\t64500", "the prefix has bits beyond its length"),
        ("2001:db8::\x00\t32\t64500", "the prefix is no IPv6 address"),
        ("192.0.2.0\t24\t0", "the last field is no AS number"),
        ("192.0.2.0\t24\t4294967296", "the last field is no AS number"),
        ("192.0.2.0\t24\t1.65536", "the last field is no AS number"),
        ("192.0.2.0\t24\t64500_", "the last field is no AS number"),
        ("192.0.2.0\t24\t{64500", "the last field is no AS number"),
        ("192.0.2.0\t24\tASN", "the last field is no AS number"),
        ("192.0.2.0\t24\t" + "64500_" * 400 + "64500", "the last field is no AS number"),
    ],
)
def test_a_bad_line_refuses_the_file_by_name_line_and_field(line, problem):
    with pytest.raises(RouteFileError, match=f"table, line 3: {problem}") as caught:
        parse("table", f"198.51.100.0\t24\t64500\n\n{line}\n203.0.113.0\t24\t64500\n".encode())
    assert caught.value.line == 3


@pytest.mark.parametrize("data", [b"", b"\n\n", b"; nothing\n"])
def test_an_empty_file_is_refused(data):
    with pytest.raises(RouteFileError, match="table: is empty"):
        parse("table", data)


def test_a_file_cut_off_on_the_way_is_refused(tmp_path):
    (tmp_path / "cut.gz").write_bytes(gzip.compress(PREFIX2AS)[:-9])
    with pytest.raises(RouteFileError, match="cut.gz: cannot be unpacked"):
        read(tmp_path / "cut.gz")


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(filelines, "MAX_BYTES", 1 << 20)
    (tmp_path / "large.gz").write_bytes(gzip.compress(b" " * (1 << 20) + PREFIX2AS))
    with pytest.raises(RouteFileError, match="large.gz: is larger than 1 MiB"):
        read(tmp_path / "large.gz")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    try:
        parse("table", data)
    except RouteFileError as error:
        assert str(error).startswith("table")


@pytest.mark.parametrize(
    ("text", "expected", "numbers"),
    [
        ("64500", "64500", (64500,)),
        ("AS64500", "64500", (64500,)),
        ("1.0", "65536", (65536,)),
        ("65535.65535", "4294967295", (4294967295,)),
        ("64501_64500", "64501_64500", (64501, 64500)),
        ("64500_64500", "64500", (64500,)),
        ("{64501,64500}", "{64500,64501}", (64500, 64501)),
        ("64501,64500", "{64500,64501}", (64500, 64501)),
        ("{64500}", "64500", (64500,)),
        ("64499_{64501,1.0}", "64499_{64501,65536}", (64499, 64501, 65536)),
    ],
)
def test_origins_are_written_in_one_way(text, expected, numbers):
    assert canonical(text) == expected == canonical(expected)
    assert asns_in(expected) == numbers


@pytest.mark.parametrize("text", ["", "0", "x", "-1", "1.2.3", "64500 64501", "{}", "{64500}{64501}", "_64500", "٦٤٥٠٠", "64500,"])
def test_what_is_no_origin_is_refused(text):
    with pytest.raises(ValueError, match="no AS number"):
        routeorigins.canonical(text)
