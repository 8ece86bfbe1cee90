"""All kinds of look-ups that there are, each a queue of its own."""

from typing import Any

from apps.enrichment.hosts.lookups import HostLookups
from apps.enrichment.lookups import RegistryLookups
from apps.enrichment.queueing.kinds import Kind

KINDS: dict[str, Kind[Any, Any]] = {kind.name: kind for kind in (RegistryLookups(), HostLookups())}
