"""Which of many sources are known already, by whom one would ask, and which are being looked up."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from apps.common import sourcekeys
from apps.enrichment.holders import UNKNOWN, networks_of
from apps.enrichment.limits import off_reason
from apps.enrichment.lookups import RegistryLookups
from apps.enrichment.models import UNDER_WAY, HostLookup, Lookup, State
from apps.enrichment.queues import KINDS

Keys = NDArray[np.uint64]
Mask = NDArray[np.bool_]
REGISTRY = RegistryLookups.name


def providers_in_use() -> list[str]:
    """`registry`, and each scanning service that this installation asks."""
    services = [provider for kind in KINDS.values() if kind.name != REGISTRY for provider in kind.providers()]
    return [REGISTRY, *(provider for provider in services if not off_reason(provider))]


def keys_known(provider: str, keys: Keys) -> Mask:
    """Of ascending source keys those that have an answer, or had one: an address of their block for the registry. Of those
    that a provider has nothing about, that is an answer too."""
    if provider == REGISTRY:
        nothing = _keys(Lookup.objects.filter(state=State.NOT_FOUND).values_list("address", flat=True))
        found: Mask = (networks_of(keys) != UNKNOWN) | np.isin(keys, nothing)
        return found
    answered = HostLookup.objects.filter(provider=provider, fetched_at__isnull=False)
    return np.isin(keys, _keys(answered.values_list("address", flat=True)))


def keys_under_way(provider: str) -> Keys:
    """Sources that wait for an answer."""
    rows = Lookup.objects.all() if provider == REGISTRY else HostLookup.objects.filter(provider=provider)
    return _keys(rows.filter(state__in=UNDER_WAY).values_list("address", flat=True))


def _keys(addresses: Iterable[str]) -> Keys:
    return np.array([sourcekeys.from_address(address) for address in addresses], np.uint64)
