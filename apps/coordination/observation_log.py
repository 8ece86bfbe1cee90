"""The observation log of a ticket: which rows, the CSV file they make, and the lines that stand in the mail."""

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.common.periods import Period
from apps.common.ports import ICMP, ICMPV6, NAMES, PortKey
from apps.observations.evidence import EvidenceRow

COLUMNS = ("timestamp", "timestamp_jst", "protocol", "src_ip", "src_port", "src_asn", "src_geo", "dst_port", "packets", "signature")
MAX_AGE = timedelta(days=14)  # older lines help nobody: addresses change hands and providers' logs are gone
ROWS_IN_TEXT = 20
JST = ZoneInfo("Asia/Tokyo")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Line:
    """One row of the log with what is known of its source: region as two letters, AS number or '' (several are
    joined by _, as tables of routes have them)."""

    row: EvidenceRow
    region: str = ""
    asn: str = ""


@dataclass(frozen=True)
class CsvFile:
    body: bytes
    sha256: str
    rows: int


def recent(period: Period, last_seen: datetime) -> Period:
    """The part of the period whose rows go out: up to the last packet, and not over MAX_AGE before it."""
    end = last_seen.replace(microsecond=0) + timedelta(seconds=1)
    return Period(max(period.start, end - MAX_AGE), end, period.zone)


def to_csv(lines: Sequence[Line]) -> CsvFile:
    """UTF-8 with BOM (spreadsheets need it), CRLF, times to the second in UTC and JST."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([neutral(cell) for cell in _cells(line)])
    body = b"\xef\xbb\xbf" + text.getvalue().encode()
    return CsvFile(body, hashlib.sha256(body).hexdigest(), len(lines))


def neutral(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _cells(line: Line) -> tuple[str, ...]:
    row = line.row
    return (
        row.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), row.at.astimezone(JST).strftime("%Y-%m-%dT%H:%M:%S+09:00"),
        protocol_name(row.protocol), row.source, source_port(row), line.asn, line.region, destination(row), str(row.packets),
        row.signature.label,
    )  # fmt: skip


def protocol_name(protocol: int) -> str:
    return NAMES.get(protocol, str(protocol))


def source_port(row: EvidenceRow) -> str:
    """Empty for protocols without ports."""
    return "" if row.protocol in (ICMP, ICMPV6) or (row.source_port == 0 and row.port == 0) else str(row.source_port)


def destination(row: EvidenceRow) -> str:
    """A port number, or an ICMP type (`8`, `3.1` with its code)."""
    return str(PortKey(row.protocol, row.port)).partition("/")[2]


def text_rows(lines: Iterable[Line], zone: ZoneInfo | None) -> list[str]:
    """Up to ROWS_IN_TEXT lines for the mail, a heading for each address: JST when `zone` is given, else UTC.

    An even sample would hide bursts, so these are the newest rows; the file holds all.
    """
    chosen = sorted(lines, key=lambda line: line.row.at)[-ROWS_IN_TEXT:]
    out: list[str] = []
    for address in dict.fromkeys(line.row.source for line in chosen):
        out += ["", f"  {address}"] if out else [f"  {address}"]
        out += [_text_row(line.row, zone) for line in chosen if line.row.source == address]
    return out


def _text_row(row: EvidenceRow, zone: ZoneInfo | None) -> str:
    at = row.at.astimezone(zone or UTC)
    name = "JST" if zone else "UTC"
    when = f"{at:%Y-%m-%d %H:%M:%S} {name}"
    return f"  {when}  {source_port(row) or '-':>5}  {protocol_name(row.protocol):<6}  {destination(row):>5}  {row.packets:>6}"
