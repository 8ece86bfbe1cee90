"""The one snapshot of all five registries that the repository ships, in a compact form (data/README.md)."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from apps.reference.delegation_files import COLUMNS, DelegationFile, canonical
from apps.reference.models import Registry

SNAPSHOT = Path(__file__).parent / "data" / "delegations.parquet"
_STARTS = ["start_key", "size"]


def pack(files: Sequence[DelegationFile], day: date, output: Path) -> None:
    """Write files of one day to one Parquet file, without opaque ids."""
    table = pa.concat_tables([_packed(file) for file in sorted(files, key=lambda file: file.registry)])
    table = table.replace_schema_metadata({"date": day.isoformat()})
    encodings = {"start_key": "DELTA_BINARY_PACKED"}
    plain = [name for name in table.column_names if name not in encodings]
    pq.write_table(table, output, compression="zstd", compression_level=19, use_dictionary=plain, column_encoding=encodings)


def unpack(source: Path = SNAPSHOT) -> tuple[date, list[DelegationFile]]:
    """The day of a packed snapshot and its files, whose opaque ids are empty."""
    table = pq.read_table(source)
    day = date.fromisoformat(table.schema.metadata[b"date"].decode())
    registries = sorted(pc.unique(table["registry"]).to_pylist())
    parts = {registry: table.filter(pc.equal(table["registry"], registry)) for registry in registries}
    return day, [DelegationFile(source.name, Registry(registry), day, _unpacked(part)) for registry, part in parts.items()]


def _packed(file: DelegationFile) -> pa.Table:
    starts, ends = file.rows["start_key"].to_numpy(), file.rows["end_key"].to_numpy()
    registry = pa.array(np.full(len(starts), file.registry, np.uint8))
    columns = {"registry": registry, "start_key": starts.astype(np.int64), "size": (ends - starts).astype(np.int64) + 1}
    return pa.table({**columns, "region": file.rows["region"], "status": file.rows["status"]})


def _unpacked(part: pa.Table) -> pa.Table:
    starts, sizes = (part[name].to_numpy().astype(np.uint64) for name in _STARTS)
    columns = [starts, starts + sizes - np.uint64(1), part["region"], part["status"], pa.repeat("", part.num_rows)]
    return canonical(pa.table(columns, schema=COLUMNS))
