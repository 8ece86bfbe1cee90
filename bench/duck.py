"""The honeypot's log in DuckDB, as whoever never saw the portal would load it: what figures are compared with."""

import lzma
import tempfile
from pathlib import Path
from typing import Any

import duckdb

# RFC 6890 and what IANA's registry added: sources that cannot be who they say.
BOGONS = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
)  # fmt: skip

_PACKETS = """
CREATE TABLE packet AS
WITH log AS (FROM read_csv($path, header = true, columns = {
    'datetime': 'TIMESTAMP', 'host': 'VARCHAR', 'src': 'BIGINT', 'proto': 'VARCHAR', 'type': 'INTEGER', 'spt': 'INTEGER', 'dpt': 'INTEGER'
}))
SELECT *, port IN ('icmp/3', 'icmp/4', 'icmp/5', 'icmp/11', 'icmp/12') AND NOT is_bogon AS is_backscatter,
       NOT is_bogon AND NOT is_backscatter AS is_counted
FROM (SELECT host AS sensor, src::UBIGINT AS src, datetime AS seen_at, (datetime + INTERVAL 9 HOUR)::DATE AS day,
             CASE proto WHEN 'TCP' THEN 'tcp/' || dpt WHEN 'UDP' THEN 'udp/' || dpt ELSE 'icmp/' || type END AS port,
             EXISTS (SELECT 1 FROM bogon WHERE src::UBIGINT BETWEEN bogon.first AND bogon.last) AS is_bogon
      FROM log)
"""
_REGIONS = """
CREATE TABLE region_of AS
SELECT src, coalesce(arg_min(delegation.region, delegation.last - delegation.first), 'ZZ') AS region
FROM (SELECT DISTINCT src FROM packet) LEFT JOIN delegation ON src >= delegation.first AND src <= delegation.last GROUP BY src
"""


def load(path: Path, delegations: list[tuple[int, int, str]] | None = None) -> duckdb.DuckDBPyConnection:
    """Tables `packet` (sensor, src, seen_at in UTC, day in Tokyo, port, is_bogon, is_backscatter: ICMP errors, the only
    backscatter the log tells, is_counted: neither) and, of delegations (first, last, region),
    `region_of` (src, region)."""
    connection = duckdb.connect()
    connection.execute("CREATE TABLE bogon (first UBIGINT, last UBIGINT)")
    connection.executemany("INSERT INTO bogon VALUES (?, ?)", [_bounds(network) for network in BOGONS])
    with tempfile.NamedTemporaryFile(suffix=".csv") as plain:
        plain.write(lzma.decompress(path.read_bytes()))
        plain.flush()
        connection.execute(_PACKETS, {"path": plain.name})
    if delegations is not None:
        import pyarrow as pa

        first, last, region = zip(*delegations, strict=True)
        table = pa.table({"first": pa.array(first, pa.uint64()), "last": pa.array(last, pa.uint64()), "region": region})
        connection.register("delegations", table)
        connection.execute("CREATE TABLE delegation AS SELECT * FROM delegations")
        connection.execute(_REGIONS)
    return connection


def figures(connection: duckdb.DuckDBPyConnection, by: str, where: str = "is_counted") -> dict[Any, tuple[int, int]]:
    """Packets and distinct sources by a column or expression of packet and region_of."""
    rows = connection.execute(
        f"SELECT {by}, count(*), count(DISTINCT src) FROM packet JOIN region_of USING (src) WHERE {where} GROUP BY 1"  # noqa: S608
    ).fetchall()
    return {key: (packets, sources) for key, packets, sources in rows}


def _bounds(network: str) -> tuple[int, int]:
    from ipaddress import IPv4Network

    parsed = IPv4Network(network)
    return int(parsed[0]), int(parsed[-1])
