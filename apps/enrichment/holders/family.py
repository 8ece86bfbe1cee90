"""A holder together with those that were merged into it. A merged one is never merged into by another: it is always flat."""

from django.db.models import Q, QuerySet

from apps.enrichment.models import Holder, Network


def root_of(holder: Holder) -> Holder:
    return holder.merged_into or holder


def members(holder: Holder) -> "QuerySet[Holder]":
    """The holder and whom it absorbed."""
    return Holder.objects.filter(Q(pk=holder.pk) | Q(merged_into=holder))


def networks(holder: Holder) -> "QuerySet[Network]":
    """All networks that count for the holder."""
    return Network.objects.filter(administered_by__in=members(holder))
