"""The search for notable changes: everything that can be told of all busy ports and regions as of one day."""

from datetime import date

from apps.analysis.changes import curves, pairs, regional, single
from apps.analysis.changes.exactranks import with_ranks
from apps.analysis.changes.findings import Finding
from apps.analysis.changes.grounds import with_evidence
from apps.observations import queries
from apps.observations.figures import Dimension
from apps.sensors.scopes import SensorScope


def find(scope: SensorScope, as_of: date) -> list[Finding]:
    """Every notable change that can be told on `as_of`, a day that is over, over the sensors of `scope`."""
    with queries.reading():
        tables = [curves.load(scope, dimension, as_of) for dimension in (Dimension.PORT, Dimension.REGION)]
        found = [
            one
            for table in tables
            for one in with_evidence(scope, table.dimension, with_ranks(scope, table.dimension, single.findings(table)))
        ]
        found += pairs.findings(scope, tables[0])
    return [*found, *regional.findings(scope, tables[0], found)]
