"""Each network gets its holder when an answer about it is kept, and whenever a person says otherwise."""

from django.db.models import F

from apps.enrichment.holders import corrections, kinds
from apps.enrichment.holders.family import networks, root_of
from apps.enrichment.holders.identity import identity_of, named
from apps.enrichment.models import CorrectedField, Holder, Network


def assign(network: Network) -> Holder:
    """The network's holder, made if it is new; its name, country and kind are renewed where no person chose them.

    A holder that a person named for the network stays. Call it in the transaction that keeps the answer.
    """
    said = corrections.in_force(network)
    if network.administered_by and CorrectedField.HOLDER in said:
        return _hand_over(network, network.administered_by)
    holder = _registered(network)
    _renew(holder, network, said.get(CorrectedField.COUNTRY, network.country))
    return _hand_over(network, holder)


def assign_to_named(network: Network, name: str) -> Holder:
    """Give the network to the holder of this name: the oldest there is, else a new one."""
    known = Holder.objects.filter(name__iexact=name).order_by(F("merged_into_id").asc(nulls_first=True), "pk").first()
    defaults = {"name": name, "registry": network.registry, "country": network.country, "is_sample": network.is_sample}
    return _hand_over(network, known or Holder.objects.get_or_create(identity=named(name), defaults=defaults)[0])


def _hand_over(network: Network, holder: Holder) -> Holder:
    before = network.administered_by
    if before != holder:
        network.administered_by = holder
        network.save(update_fields=["administered_by"])
    for one in {root_of(holder), *([root_of(before)] if before else [])}:
        renew_kind(one)
    holder.refresh_from_db()
    return holder


def _registered(network: Network) -> Holder:
    identity = identity_of(network.registry, network.holder_handle, network.holder, network.start, network.end)
    defaults = {
        "name": network.holder or network.name,
        "registry": network.registry,
        "handle": network.holder_handle,
        "country": network.country,
        "is_sample": network.is_sample,
    }
    return Holder.objects.get_or_create(identity=identity, defaults=defaults)[0]


def _renew(holder: Holder, network: Network, country: str) -> None:
    """What the newest answer says of the holder."""
    said = {"country": country or holder.country, "is_sample": network.is_sample}
    if not holder.is_name_chosen:
        said["name"] = network.holder or network.name
    changed = {name: value for name, value in said.items() if getattr(holder, name) != value}
    if changed:
        Holder.objects.filter(pk=holder.pk).update(**changed)


def renew_kind(holder: Holder) -> None:
    """Suggest the kind anew from all that is known of the holder's networks, unless a person chose it."""
    if holder.is_kind_chosen:
        return
    found = kinds.suggest(kinds.known_of(holder, networks(holder)))
    Holder.objects.filter(pk=holder.pk, is_kind_chosen=False).exclude(kind=found.kind, kind_reason=found.stored).update(
        kind=found.kind, kind_reason=found.stored
    )


def renew_kinds() -> None:
    """The same for every holder that counts for itself."""
    for holder in Holder.objects.filter(is_kind_chosen=False, merged_into=None).order_by("pk").iterator():
        renew_kind(holder)
