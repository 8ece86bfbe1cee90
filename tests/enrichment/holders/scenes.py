"""Networks as registries would have told of them, with their holders."""

from datetime import datetime
from ipaddress import ip_address, ip_network

from django.utils import timezone

from apps.enrichment import keeping
from apps.enrichment.models import ContactRole, Lookup, Network, State
from apps.enrichment.registries.asking import Answer
from apps.enrichment.registries.parsed import Contact, ParsedNetwork


def answer(cidr="192.0.2.0/24", *, name="NET", holder="Sample Co., Ltd.", handle="ORG-1", country="JP", contact="abuse@sample.invalid",
           remarks=(), whois="", asn=None):  # fmt: skip
    network = ip_network(cidr)
    contacts = (Contact(contact, ContactRole.ABUSE, 0, "", "", False),) if contact else ()
    parsed = ParsedNetwork(
        ip_address(network[0]), ip_address(network[-1]), (cidr,), f"NET-{cidr}", name, holder, handle, country, False, contacts, asn
    )
    return Answer(parsed, "rdap", {"remarks": [{"description": list(remarks)}]}, whois)


def told(cidr="192.0.2.0/24", registry="apnic", *, at: datetime | None = None, **values) -> Network:
    """What `keep` makes of an answer, as a look-up would."""
    kept = keeping.keep(answer(cidr, **values), registry, at or timezone.now())
    return Network.objects.select_related("administered_by__merged_into").get(pk=kept.pk)


def looked_up(address: str, network: Network) -> Lookup:
    block = str(ip_network(f"{address}/24", strict=False))
    return Lookup.objects.create(
        address=address, block=block, state=State.DONE, network=network, is_exact=True, fetched_at=timezone.now(), registry="apnic"
    )
