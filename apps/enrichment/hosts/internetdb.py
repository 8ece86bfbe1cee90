"""InternetDB, Shodan's free summary of hosts: ports, names, guesses; no banners and no times. Asked only where it is enabled."""

from typing import Any

from django.conf import settings

from apps.enrichment.hosts import wire
from apps.enrichment.hosts.endings import failure, require_on
from apps.enrichment.models import HostProvider

HOST = "internetdb.shodan.io"
NO_DATA = "No information available"


class InternetDbProvider:
    name = HostProvider.INTERNETDB

    def fetch(self, address: str) -> dict[str, Any] | None:
        require_on(self.name)
        gate = wire.Gate(HOST, override=settings.INTERNETDB_HOST_OVERRIDE)
        try:
            answer = wire.session(gate).get(f"https://{HOST}/{address}").json()
        except Exception as error:  # refusals, endings of the line, no JSON, a time limit of the worker: the trace knows
            raise failure(gate.trace, error) from error
        if gate.trace.status == 404 and isinstance(answer, dict) and str(answer.get("detail")).startswith(NO_DATA):
            return None
        if gate.trace.status != 200 or not isinstance(answer, dict):
            raise failure(gate.trace, ValueError())
        return answer
