"""Look-ups of what runs on an address, one row for each scanning service."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from apps.enrichment.hosts import asking, keeping
from apps.enrichment.hosts.keeping import Answer
from apps.enrichment.models import HostLookup, HostProvider, Priority
from apps.enrichment.queueing.kinds import Kind, Values

REFRESH_AFTER = timedelta(days=30)  # services scan about once a week; "no data" is an answer for as long


class HostLookups(Kind[HostLookup, Answer | None]):
    """Lanes are the services. No answer serves a neighbour, so a block is one address."""

    name = "host"
    model = HostLookup
    lane_field = "provider"
    block_field = "address"
    unique_columns = ("address", "provider")
    fresh_for = REFRESH_AFTER

    def providers(self) -> Mapping[str, str]:
        return {service: service for service in HostProvider.values}

    def ask(self, row: HostLookup) -> Answer | None:
        return asking.ask(row.address, HostProvider(row.provider), Priority(row.priority))

    def keep(self, row: HostLookup, answer: Answer | None, now: datetime) -> Values:
        return {"snapshot": keeping.keep(row.address, answer, now) if answer else None}
