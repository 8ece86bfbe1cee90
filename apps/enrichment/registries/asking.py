"""Everything that registries say of one address, asked in the order in which it is worth most."""

from dataclasses import dataclass
from typing import Any

from apps.enrichment import providers
from apps.enrichment.failures import LookupFailedError, UnreadableAnswerError
from apps.enrichment.models import Priority, State
from apps.enrichment.registries import rdap
from apps.enrichment.registries.parsing import ParsedNetwork, parse_network, storable


@dataclass(frozen=True)
class Answer:
    """What came back, parsed, beside what it was parsed from. `source` is how it was said, rdap or whois; `registry` who said
    it, where that is another than was asked first; `is_partial` where somebody who knows more could not be asked now."""

    network: ParsedNetwork
    source: str
    raw: Any
    raw_whois: str = ""
    registry: str = ""
    is_partial: bool = False


def ask(address: str, registry: str, priority: Priority) -> Answer:
    """The registry's answer about an address. NotYetError where its turn has not come; LookupFailedError otherwise."""
    with providers.asking(f"rdap:{registry}", address=address, priority=priority):
        answer = rdap.fetch(address, registry)
        try:
            return Answer(parse_network(answer), "rdap", storable(answer))
        except UnreadableAnswerError as error:
            raise LookupFailedError(State.ERROR, error.message) from error
