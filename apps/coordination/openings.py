"""Reading the link that leads from a source's page to a new ticket: ?source=…&port=…&from=…&to=…."""

from dataclasses import dataclass
from ipaddress import ip_network

from django.http import QueryDict
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.common.errors import ParameterError
from apps.common.periods import Period
from apps.common.ports import PortKey
from apps.coordination import observation_log, queries
from apps.observations import evidence
from apps.observations.params import selection_from
from apps.reference.names import port_label


@dataclass(frozen=True)
class Opening:
    """What a ticket would be about, and what is known of it now. `fields` are the form's hidden ones."""

    source: str
    ports: tuple[PortKey, ...]
    period: Period
    fields: tuple[tuple[str, str], ...]
    addresses: tuple[tuple[str, evidence.EvidenceSummary], ...]
    known: tuple[queries.TicketRow, ...]

    @property
    def log_days(self) -> int:
        """How many days before its last packet the observation log of a source goes back."""
        return observation_log.MAX_AGE.days

    @property
    def port_labels(self) -> list[str]:
        return [port_label(port) for port in self.ports]


def read(query: QueryDict, user: User) -> Opening:
    """ParameterError names what cannot be read. Without from and to the period is the usual one before the newest data."""
    source = _source(query.get("source", ""))
    ports = tuple(_port(text) for text in query.get("port", "").split(",") if text.strip())
    span: dict[str, str] = {name: query.get(name, "") for name in ("from", "to", "period") if query.get(name)}
    period = selection_from(span, user).period
    seen = [(address, evidence.summary(address, period, ports)) for address in evidence.addresses_in(source, period)]
    return Opening(
        source=source,
        ports=ports,
        period=period,
        fields=(("source", source), ("port", ",".join(map(str, ports))), *span.items()),
        addresses=tuple((address, summary) for address, summary in seen if summary.packets),
        known=tuple(queries.tickets_for_source(user, source)),
    )


def _source(text: str) -> str:
    try:
        network = ip_network(text.strip())
    except ValueError as error:
        raise ParameterError("source", _("is not an IP address")) from error
    if "%" in text:  # zone ids name an interface of some machine
        raise ParameterError("source", _("is not an IP address"))
    if network.num_addresses > 1 and (network.version == 4 or network.prefixlen < 64):
        raise ParameterError("source", _("is not an IP address"))
    return str(network) if network.num_addresses > 1 else str(network.network_address)


def _port(text: str) -> PortKey:
    try:
        return PortKey.parse(text)
    except ValueError as error:
        raise ParameterError("port", str(error)) from error
