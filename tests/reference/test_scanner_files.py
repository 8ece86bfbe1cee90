"""Lists of survey scanners in the forms in which they are published; hand-made ones, and the real ones where they are."""

import gzip
import json
import lzma
from pathlib import Path

import pytest
from django.utils import translation

from apps.common.errors import DomainError
from apps.common.sourcekeys import from_address
from apps.reference import scanner_files
from apps.reference.scanner_files import Format

LISTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "scanner-lists"
needs_lists = pytest.mark.skipif(not LISTS.is_dir(), reason="no ../shared/data/scanner-lists beside the repository")
NICT = json.dumps(
    [{"ip": "192.0.2.1", "scanner": "One", "last_seen": "2026-01-02"}, {"ip": "2001:db8::1", "scanner": "Two", "last_seen": "2026-01-03"}]
)
MISP = json.dumps({"name": "a list", "type": "cidr", "list": ["192.0.2.0/25", "192.0.2.128/25", "198.51.100.7"]})
MALTRAIL = "# a list\n\n    \n# /a/path is none\n192.0.2.9 # probe.example\n192.0.2.10\n192.0.2.0/29 # wide\n"


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def key(address):
    return from_address(address)


def ranges(text, form):
    return scanner_files.parse(text.encode(), form).ranges.tolist()


def test_the_forms_are_read():
    assert ranges(NICT, Format.NICT) == [[key("192.0.2.1")] * 2, [key("2001:db8::")] * 2]
    assert ranges(MISP, Format.MISP) == [[key("192.0.2.0"), key("192.0.2.255")], [key("198.51.100.7")] * 2]
    expected = [[key("192.0.2.0"), key("192.0.2.7")], [key("192.0.2.9"), key("192.0.2.10")]]
    assert ranges(MALTRAIL, Format.MALTRAIL) == ranges(MALTRAIL, Format.PLAIN) == expected


def test_packed_files_and_byte_order_marks_are_read(tmp_path):
    for name, pack in (("a.json.xz", lzma.compress), ("a.json.gz", gzip.compress), ("a.json", bytes)):
        (tmp_path / name).write_bytes(pack(b"\xef\xbb\xbf" + NICT.encode()))
        assert len(scanner_files.read(tmp_path / name, Format.NICT).ranges) == 2


@pytest.mark.parametrize(
    ("text", "form", "words"),
    [
        ("192.0.2.1\nno-address\n192.0.2.300", Format.PLAIN, ("row 2", "row 3")),
        ("0.0.0.0/0", Format.PLAIN, ("row 1", "wider than /8")),
        ("fe80::1", Format.PLAIN, ("row 1", "not a public address")),
        ("", Format.MALTRAIL, ("holds no address",)),
        ("[1, {}]", Format.NICT, ("row 1: names no address", "row 2")),
        ('{"list": 3}', Format.MISP, ("not a list",)),
        ("[" * 100_000, Format.NICT, ("not JSON",)),
        ("{]", Format.MISP, ("not JSON",)),
        ("192.0.2.1\x00", Format.PLAIN, ("row 1",)),
    ],
)
def test_what_cannot_be_read_is_named_by_row(text, form, words):
    with pytest.raises(DomainError) as refused:
        ranges(text, form)
    assert all(word in refused.value.message for word in words)


def test_bad_rows_can_be_left_out_and_are_named_all_the_same():
    found = scanner_files.parse(b"192.0.2.1\nC91.2.3.4\n/a/path\n", Format.MALTRAIL, skips_bad=True)
    assert (len(found.ranges), [problem.row for problem in found.problems]) == (1, [2])
    with pytest.raises(DomainError, match="row 1"):
        scanner_files.parse(b"nothing\n", Format.PLAIN, skips_bad=True)


def test_twenty_problems_are_shown_and_the_rest_counted():
    with pytest.raises(DomainError, match="and 5 more"):
        ranges("\n".join(["x"] * 25), Format.PLAIN)


def test_what_is_no_text_or_not_there_is_told(tmp_path):
    (tmp_path / "broken.xz").write_bytes(b"no xz")
    (tmp_path / "latin").write_bytes(b"\xff\xfe")
    for name in ("broken.xz", "latin", "missing"):
        with pytest.raises(DomainError):
            scanner_files.read(tmp_path / name, Format.PLAIN)


@needs_lists
def test_every_list_at_hand_can_be_read():
    found = {}
    for form, pattern in (
        (Format.NICT, "nict-survey-scanner/surveyscanner_*.json.xz"),
        (Format.MALTRAIL, "maltrail/*.txt.xz"),
        (Format.MISP, "misp-warninglists/*.json"),
    ):
        for path in LISTS.glob(pattern):
            found[path.name] = scanner_files.read(path, form, skips_bad=form is Format.MALTRAIL)
    assert len(found) > 30
    assert sum(len(one.problems) for one in found.values()) < 10
    for rows in (one.ranges for one in found.values()):
        assert (rows[:, 1] >= rows[:, 0]).all()
        assert (rows[1:, 0] > rows[:-1, 1] + 1).all()
