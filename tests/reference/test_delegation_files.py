import gzip
import lzma
from datetime import date
from ipaddress import ip_address

import pytest

from apps.common.regions import decode
from apps.common.sourcekeys import from_address, to_address
from apps.reference import delegation_files
from apps.reference.filelines import DelegationFileError
from apps.reference.models import DelegationStatus, Registry
from tests.reference.files import delegated

JP = "JP|ipv4|192.0.2.0|256|20000101|allocated|A1"
US6 = "US|ipv6|2001:db8::|32|20000101|assigned|B2"


def parse(*records: str, **options) -> delegation_files.DelegationFile:
    return delegation_files.parse("file", delegated("apnic", *records, **options))


def said(file: delegation_files.DelegationFile) -> list[tuple[str, str, str, str, str]]:
    return [
        (to_address(r["start_key"]), to_address(r["end_key"]), decode(r["region"]), DelegationStatus(r["status"]).label, r["opaque_id"])
        for r in file.rows.to_pylist()
    ]


def problem(data: bytes) -> DelegationFileError:
    with pytest.raises(DelegationFileError) as caught:
        delegation_files.parse("apnic.txt", data)
    return caught.value


def test_ranges_of_both_families_are_read():
    file = parse(JP, US6, "AU|asn|1221|1|20000101|allocated|C")
    assert (file.registry, file.file_date, file.warnings) == (Registry.APNIC, date(2018, 10, 13), ())
    assert said(file) == [
        ("192.0.2.0", "192.0.2.255", "JP", "allocated", "A1"),
        ("2001:db8::/64", "2001:db8:ffff:ffff::/64", "US", "assigned", "B2"),
    ]


def test_available_and_reserved_ranges_are_nobodys():
    file = parse(JP, "|ipv4|198.51.100.0|256||available|", "ZZ|ipv6|2400::|24||reserved|", "|ipv6|2401::|32||available")
    assert [row[2] for row in said(file)] == ["JP"]


def test_the_plain_format_has_no_opaque_ids():
    assert said(parse("JP|ipv4|192.0.2.0|256|20000101|allocated", version="2"))[0][4] == ""


def test_fields_beyond_the_opaque_id_are_extensions():
    assert said(parse(JP + "|more|things"))[0][4] == "A1"


@pytest.mark.parametrize(("count", "end"), [(1, "192.0.2.0"), (768, "192.0.4.255"), (1000, "192.0.5.231")])
def test_an_ipv4_count_need_not_be_a_power_of_two(count, end):
    assert said(parse(f"JP|ipv4|192.0.2.0|{count}|20000101|allocated|A1"))[0][1] == end


@pytest.mark.parametrize("prefix", [64, 65, 127, 128])
def test_an_ipv6_range_longer_than_64_is_the_64_it_lies_in(prefix):
    first, last = said(parse(f"JP|ipv6|2001:db8:0:5::|{prefix}|20000101|allocated|A1"))[0][:2]
    assert first == last == "2001:db8:0:5::/64"


@pytest.mark.parametrize(("prefix", "end"), [(3, "3fff:ffff:ffff:ffff::/64"), (48, "2000:0:0:ffff::/64"), (63, "2000:0:0:1::/64")])
def test_an_ipv6_range_ends_with_its_prefix(prefix, end):
    assert said(parse(f"JP|ipv6|2000::|{prefix}|20000101|allocated|A1"))[0][1] == end


def test_the_codes_eu_and_ap_stay():
    assert [row[2] for row in said(parse("EU|ipv4|192.0.2.0|8||allocated|A", "AP|ipv4|192.0.2.8|8||allocated|A"))] == ["EU", "AP"]


@pytest.mark.parametrize("pack", [bytes, lzma.compress, gzip.compress])
def test_packed_files_are_read_whatever_their_name(tmp_path, pack):
    path = tmp_path / "delegated-apnic-extended-latest"
    path.write_bytes(pack(delegated("apnic", JP)))
    assert delegation_files.read(path).rows.num_rows == 1


@pytest.mark.parametrize("pack", [lzma.compress, gzip.compress])
def test_a_packed_file_cut_short_is_refused(tmp_path, pack):
    path = tmp_path / "apnic.packed"
    path.write_bytes(pack(delegated("apnic", *[f"JP|ipv4|10.0.{i}.0|256|20000101|allocated|{i * 7919}" for i in range(256)]))[:-20])
    with pytest.raises(DelegationFileError, match=r"apnic\.packed"):
        delegation_files.read(path)


def test_comments_blank_lines_crlf_and_a_byte_order_mark_are_passed_over():
    plain = delegated("apnic", JP, US6)
    decorated = b"\xef\xbb\xbf# conditions of use\r\n#\r\n\r\n" + plain.replace(b"\n", b"\r\n") + b"\r\n  \r\n# end\r\n"
    assert delegation_files.parse("a", decorated).rows.equals(delegation_files.parse("b", plain).rows)


def test_the_last_line_needs_no_line_end():
    assert delegation_files.parse("a", delegated("apnic", JP).rstrip()).rows.num_rows == 1


@pytest.mark.parametrize("header", ["2|apnic|20181013|1|00000000|20181013|00000", "2.3|apnic|20181014|1||20181012|+1000", "1|apnic|x|1|||"])
def test_version_lines_come_in_many_forms(header):
    data = delegated("apnic", JP).split(b"\n", 1)[1]
    assert delegation_files.parse("a", header.encode() + b"\n" + data).rows.num_rows == 1


def test_a_version_line_without_an_end_date_has_none():
    assert parse(JP, end="").file_date is None


def test_a_file_may_have_one_family_or_nothing():
    assert said(parse(US6))[0][2] == "US"
    assert parse().rows.num_rows == 0


def test_a_file_without_summaries_is_checked_by_its_version_line():
    assert parse(JP, summaries=False).rows.num_rows == 1
    cut = delegated("apnic", JP, US6, summaries=False).rsplit(b"\n", 2)[0]
    assert str(problem(cut)) == "apnic.txt: holds 1 records but says 2; is it complete?"


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("JP|ipv4|192.0.2.0", "7 or more fields"),
        ("JP|ipv5|192.0.2.0|256|20000101|allocated|A1", "type"),
        ("JP|ipv4|192.0.2.0|256|20000101|given|A1", "status"),
        ("JP|ipv4|192.0.2|256|20000101|allocated|A1", "no IPv4 address"),
        ("JP|ipv4|192.0.2.256|256|20000101|allocated|A1", "no IPv4 address"),
        ("JP|ipv4|192.0.2.0|0|20000101|allocated|A1", "number of addresses"),
        ("JP|ipv4|192.0.2.0|-1|20000101|allocated|A1", "number of addresses"),
        ("JP|ipv4|192.0.2.0||20000101|allocated|A1", "number of addresses"),
        ("JP|ipv4|255.255.255.0|512|20000101|allocated|A1", "leaves the IPv4 address space"),
        ("JP|ipv6|2001:db8:::|32|20000101|allocated|A1", "no IPv6 address"),
        ("JP|ipv6|192.0.2.0|32|20000101|allocated|A1", "no IPv6 address"),
        ("JP|ipv6|2001:db8::|129|20000101|allocated|A1", "prefix length"),
        ("JP|ipv6|2001:db8::|x|20000101|allocated|A1", "prefix length"),
        ("JP|ipv6|2001:db8::1|64|20000101|allocated|A1", "bits beyond"),
        ("JP|ipv6|2001:db8:0:1::|32|20000101|allocated|A1", "bits beyond"),
        ("JP|ipv6|fc00::|7|20000101|allocated|A1", "2000::/3"),
        ("|ipv4|192.0.2.0|256|20000101|allocated|A1", "two capitals"),
        ("jp|ipv4|192.0.2.0|256|20000101|allocated|A1", "two capitals"),
        ("J*|ipv4|192.0.2.0|256|20000101|allocated|A1", "two capitals"),
    ],
)
def test_a_malformed_line_is_named(record, says):
    found = problem(delegated("apnic", JP, US6, record, summaries=False))
    assert found.line == 4
    assert says in str(found)
    assert str(found).startswith("apnic.txt, line 4: ")
    assert str(found).endswith(f"{'apnic|' + record!r}")


def test_line_numbers_count_comments_and_blank_lines():
    assert problem(b"# a\n\n# b\n" + delegated("apnic", JP, "JP|ipv4|x|256||allocated|", summaries=False)).line == 6


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"# only\n\n# comments\n", "is empty"),
        (b"apnic|JP|ipv4|192.0.2.0|256|20000101|allocated\n", "line 1: the version of the format is not known"),
        (b"<html>busy</html>\n", "line 1: expected a version line"),
        (b"3|apnic|1|0|||\n", "version of the format is not known"),
        (b"2|iana|1|0|||\n", "the registry is none of"),
    ],
)
def test_a_file_that_is_not_one_is_refused(data, says):
    assert says in str(problem(data))


def test_a_record_of_another_registry_is_refused():
    assert problem(delegated("apnic", JP) + b"ripencc|DE|ipv4|192.0.2.0|256|20000101|allocated|X\n").line == 6


def test_a_file_with_fewer_records_than_its_summary_says_is_refused():
    assert str(problem(delegated("apnic", JP, US6).rsplit(b"\n", 2)[0])) == "apnic.txt: holds 0 ipv6 records but says 1; is it complete?"


def test_records_that_are_there_twice_count_once():
    file = parse(JP, JP, US6)
    assert file.rows.num_rows == 2
    assert file.warnings == ("1 records are there more than once",)


def test_overlapping_records_are_reported_with_their_lines():
    file = parse(JP, "KR|ipv4|192.0.2.128|8||assigned|C", US6)
    assert file.rows.num_rows == 3
    assert file.warnings == ("1 records overlap others (lines 6); the narrower decides",)


def test_the_order_of_the_lines_does_not_matter():
    assert parse(JP, US6).rows.equals(parse(US6, JP).rows)


def test_keys_fit_the_database():
    file = parse("JP|ipv6|3fff:ffff::|32||allocated|A", "JP|ipv4|255.255.255.255|1||allocated|A")
    assert max(file.rows["end_key"].to_pylist()) < 2**63
    assert from_address(str(ip_address("255.255.255.255"))) in file.rows["start_key"].to_pylist()
