"""Which of many sources are known already, by whom one would ask, and which are being looked up."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from django.db.models import Q
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from apps.common import sourcekeys
from apps.common.errors import ParameterError
from apps.enrichment.holders.behind import UNKNOWN, networks_of
from apps.enrichment.limits import off_reason
from apps.enrichment.lookups import RegistryLookups
from apps.enrichment.models import UNDER_WAY, HostLookup, Lookup, State
from apps.enrichment.queues import KINDS

Keys = NDArray[np.uint64]
Mask = NDArray[np.bool_]
REGISTRY = RegistryLookups.name


def providers_in_use() -> list[str]:
    """`registry`, and each scanning service that this installation asks."""
    return [provider for provider in _providers() if provider == REGISTRY or not off_reason(provider)]


@dataclass(frozen=True)
class LookedUp:
    """Of source keys those that have an answer, or had one, and those that wait for one; that a provider has nothing is an
    answer too."""

    known: Mask
    under_way: Mask


def looked_up(providers: Collection[str], keys: Keys) -> dict[str, LookedUp]:
    """For ascending source keys, by provider. Of the registry an answer about the block will do. Three queries at most.
    ParameterError where there is no such provider."""
    if not set(_providers()).issuperset(providers):
        raise ParameterError("provider", _("there is no such provider"))
    found = _by_hosts([provider for provider in providers if provider != REGISTRY], keys)
    return {REGISTRY: _by_registry(keys), **found} if REGISTRY in providers else found


def _by_registry(keys: Keys) -> LookedUp:
    rows = Lookup.objects.filter(state__in=(State.NOT_FOUND, *UNDER_WAY)).values_list("address", "state")
    states = list(rows)
    nothing = _keys(address for address, state in states if state == State.NOT_FOUND)
    waiting = _keys(address for address, state in states if state != State.NOT_FOUND)
    return LookedUp((networks_of(keys) != UNKNOWN) | np.isin(keys, nothing), np.isin(keys, waiting))


def _by_hosts(providers: list[str], keys: Keys) -> dict[str, LookedUp]:
    if not providers:
        return {}
    asked = HostLookup.objects.filter(Q(fetched_at__isnull=False) | Q(state__in=UNDER_WAY), provider__in=providers)
    rows = list(asked.values_list("provider", "address", "state", "fetched_at"))
    return {
        provider: LookedUp(
            np.isin(keys, _keys(address for of, address, _state, fetched_at in rows if of == provider and fetched_at)),
            np.isin(keys, _keys(address for of, address, state, _at in rows if of == provider and state in UNDER_WAY)),
        )
        for provider in providers
    }


def _providers() -> list[str]:
    return [REGISTRY, *(provider for kind in KINDS.values() if kind.name != REGISTRY for provider in kind.providers())]


def _keys(addresses: Iterable[str]) -> Keys:
    return np.array([sourcekeys.from_address(address) for address in addresses], np.uint64)
