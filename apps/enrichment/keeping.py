"""An answer of a registry becomes a network with contacts."""

from datetime import datetime

from apps.enrichment.models import Network, NetworkContact
from apps.enrichment.registries.asking import Answer


def keep(answer: Answer, registry: str, now: datetime) -> Network:
    """Insert or renew the network of this range; its contacts are those of the newest answer. Call it in a transaction."""
    parsed = answer.network
    values = {
        "cidrs": list(parsed.cidrs),
        "handle": parsed.handle,
        "name": parsed.name,
        "holder": parsed.holder,
        "holder_handle": parsed.holder_handle,
        "country": parsed.country,
        "registry": registry,
        "source": answer.source,
        "is_sample": parsed.is_sample,
        "raw": answer.raw,
        "raw_whois": answer.raw_whois,
        "fetched_at": now,
    }
    network, _is_new = Network.objects.update_or_create(start=str(parsed.start), end=str(parsed.end), defaults=values)
    network.contacts.all().delete()
    NetworkContact.objects.bulk_create(
        NetworkContact(
            network=network,
            email=contact.email,
            role=contact.role,
            level=contact.level,
            entity=contact.entity,
            organisation=contact.organisation,
            is_registry_mailbox=contact.is_registry_mailbox,
        )
        for contact in parsed.contacts
    )
    return network
