"""What a scanning service says of one address: through the gate of its limits, fetched, parsed."""

from django.utils import timezone

from apps.enrichment import providers
from apps.enrichment.failures import LookupFailedError
from apps.enrichment.hosts.endings import NOT_JSON
from apps.enrichment.hosts.internetdb import InternetDbProvider
from apps.enrichment.hosts.keeping import Answer
from apps.enrichment.hosts.parsing import parse_host
from apps.enrichment.hosts.provider import Provider
from apps.enrichment.hosts.shodan_client import ShodanProvider
from apps.enrichment.models import HostProvider, Priority, State
from apps.enrichment.registries.parsing import storable

PROVIDERS: dict[HostProvider, Provider] = {provider.name: provider for provider in (ShodanProvider(), InternetDbProvider())}


def ask(address: str, name: HostProvider, priority: Priority) -> Answer | None:
    """None where the service has no data of the address. NotYetError where its turn has not come; LookupFailedError otherwise."""
    with providers.asking(str(name), address=address, priority=priority):
        raw = PROVIDERS[name].fetch(address)
        return None if raw is None else _read(name, raw)


def _read(name: HostProvider, raw: dict[str, object]) -> Answer:
    try:
        return Answer(name, parse_host(name, raw, timezone.now()), storable(raw))
    except RecursionError:
        raise LookupFailedError(State.ERROR, NOT_JSON, detail="JSON") from None
