"""Shodan through its official client, whose session is ours (wire.py)."""

from typing import Any

from django.conf import settings
from shodan import APIError, Shodan

from apps.enrichment.failures import LookupFailedError
from apps.enrichment.hosts import wire
from apps.enrichment.hosts.endings import failure, require_on
from apps.enrichment.hosts.switches import KEY_REFUSED, REFUSED_FOR, note_refused_key
from apps.enrichment.models import HostProvider, State

HOST = "api.shodan.io"
NO_DATA = "No information available"  # how the error of an unknown address begins


class ShodanProvider:
    name = HostProvider.SHODAN

    def fetch(self, address: str) -> dict[str, Any] | None:
        require_on(self.name)
        gate = wire.Gate(HOST, override=settings.SHODAN_HOST_OVERRIDE, secret=settings.SHODAN_API_KEY)
        try:
            answer = _client(gate).host(address)
        except (APIError, RecursionError) as error:
            if gate.trace.status == 404 and str(error).startswith(NO_DATA):
                return None
            raise _failure(gate, error) from None  # the client's errors may name the URL, and with it the key
        if gate.trace.status != 200 or not isinstance(answer, dict):
            raise failure(gate.trace, ValueError())
        return answer


def _failure(gate: wire.Gate, error: Exception) -> LookupFailedError:
    if gate.trace.status != 401:
        return failure(gate.trace, error)
    note_refused_key()
    return LookupFailedError(State.ERROR, KEY_REFUSED, retry_after=REFUSED_FOR)


def _client(gate: wire.Gate) -> Shodan:
    client = Shodan(settings.SHODAN_API_KEY)
    client.base_url = f"https://{HOST}"  # whatever SHODAN_API_URL of the environment says
    client._session = wire.session(gate)
    return client
