"""What holds of a network: what a person said against the registry's answer, else that answer."""

from dataclasses import dataclass

from apps.enrichment.holders.family import root_of
from apps.enrichment.models import CorrectedField, Network


@dataclass(frozen=True)
class Effective:
    """`holder` is the name of the administrator that the network counts for; `corrected` names the fields a person set."""

    holder: str
    name: str
    country: str
    asn: int | None
    corrected: frozenset[str]


def effective(network: Network) -> Effective:
    """Reads `corrections` and `administered_by`, which lists should have prefetched."""
    said = in_force(network)
    asn = said.get(CorrectedField.ASN)
    return Effective(
        holder=holder_name(network),
        name=said.get(CorrectedField.NAME, network.name),
        country=said.get(CorrectedField.COUNTRY, network.country),
        asn=int(asn) if asn else network.asn,
        corrected=frozenset(said),
    )


def in_force(network: Network) -> dict[str, str]:
    """Value by field, of what has not been withdrawn."""
    return {row.field: row.value for row in network.corrections.all() if row.withdrawn_at is None}


def holder_name(network: Network) -> str:
    """Of the holder it counts for, else as the registry says."""
    holder = root_of(network.administered_by).name if network.administered_by else ""
    return holder or network.holder or network.name
