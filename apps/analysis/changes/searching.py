"""The search for notable changes: everything that can be told of all busy ports and regions as of one day."""

from datetime import date

from apps.analysis.changes import curves, pairs, regional, single
from apps.analysis.changes.curves import Curves
from apps.analysis.changes.exactranks import with_ranks
from apps.analysis.changes.findings import Finding
from apps.analysis.changes.grounds import with_evidence
from apps.common.errors import DomainError
from apps.observations import queries
from apps.observations.figures import Dimension, Unit
from apps.sensors.scopes import SensorScope


def find(scope: SensorScope, as_of: date) -> list[Finding]:
    """Every notable change that can be told on `as_of`, a day that is over, over the sensors of `scope`."""
    try:
        ports, found = _found(scope, as_of, curves.UNITS[0])
    except DomainError:  # too long for a statement, or too many rows of segments
        ports, found = _found(scope, as_of, curves.UNITS[1])
    return [*found, *regional.findings(scope, ports, found)]


def _found(scope: SensorScope, as_of: date, unit: Unit) -> tuple[Curves, list[Finding]]:
    """The curves of ports, and what is found in them, in those of regions and in pairs; in one snapshot."""
    found: list[Finding] = []
    with queries.reading():
        tables = [curves.load(scope, dimension, as_of, unit) for dimension in (Dimension.PORT, Dimension.REGION)]
        for table in tables:
            found += with_evidence(scope, table.dimension, with_ranks(scope, table.dimension, single.findings(table)))
        found += pairs.findings(scope, tables[0])
    return tables[0], found
