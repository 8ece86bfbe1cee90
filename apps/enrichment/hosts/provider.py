"""A scanning service as the portal knows it: Shodan and InternetDB differ in how they are asked."""

from typing import Any, Protocol

from apps.enrichment.models import HostProvider


class Provider(Protocol):
    """`name` is also what `providers.asking` knows it by; switches.py says whether it is asked at all."""

    name: HostProvider

    def fetch(self, address: str) -> dict[str, Any] | None:
        """The answer as it came, None where the service has no data of the address. LookupFailedError in every other case."""
