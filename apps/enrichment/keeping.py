"""An answer of a registry becomes a network with contacts, and another version of it where it says something new."""

import json
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any

from apps.enrichment.holders.assigning import assign
from apps.enrichment.models import Network, NetworkContact, NetworkVersion
from apps.enrichment.registries.asking import Answer
from apps.enrichment.registries.parsed import ParsedNetwork

SAID = ("source", "handle", "name", "holder", "holder_handle", "country", "asn")  # what makes a version, contacts apart


def keep(answer: Answer, registry: str, now: datetime) -> Network:
    """Insert or renew the network of this range; its contacts are those of the newest answer. Call it in a transaction.

    A partial answer does not replace a whole one: the network and its date stay as they are."""
    parsed = answer.network
    if answer.is_partial and (whole := Network.objects.filter(start=str(parsed.start), end=str(parsed.end)).exclude(raw_whois="").first()):
        return whole
    values = {**_said(answer), **_stored(answer), "registry": answer.registry or registry, "fetched_at": now}
    network, _is_new = Network.objects.update_or_create(start=str(parsed.start), end=str(parsed.end), defaults=values)
    if _keep_version(network, answer, now):
        _replace_contacts(network, parsed)
        assign(network)
    return network


def _said(answer: Answer) -> dict[str, Any]:
    parsed = answer.network
    return {"source": answer.source, **{name: getattr(parsed, name) for name in SAID if name != "source"}}


def _stored(answer: Answer) -> dict[str, Any]:
    parsed = answer.network
    return {"cidrs": list(parsed.cidrs), "is_sample": parsed.is_sample, "raw": answer.raw, "raw_whois": answer.raw_whois}


def _keep_version(network: Network, answer: Answer, now: datetime) -> bool:
    """Whether the answer says something else than the one before; one that says the same only proves it for longer."""
    contacts = [{**asdict(contact), "role": contact.role.name.lower()} for contact in answer.network.contacts]
    said = {**_said(answer), "contacts": contacts}
    digest = sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    latest = network.versions.defer("raw", "raw_whois").first()
    if latest is not None and latest.digest == digest:
        NetworkVersion.objects.filter(pk=latest.pk).update(last_fetched_at=now)
        return False
    values = {**said, "digest": digest, "raw": answer.raw, "raw_whois": answer.raw_whois, "last_fetched_at": now}
    NetworkVersion.objects.update_or_create(network=network, first_fetched_at=now, defaults=values)
    return True


def _replace_contacts(network: Network, parsed: ParsedNetwork) -> None:
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
