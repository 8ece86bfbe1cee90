"""Named feature sets against profiles: which sets a host matches, and which hosts a set matches."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Max, Min, Q, QuerySet

from apps.enrichment.likeness.scans import Chosen
from apps.enrichment.models import FeatureSet, HostSnapshot

_MATCHING = """
scan.features @> wanted.wants_all
AND (wanted.wants_any = '{}' OR scan.features && wanted.wants_any)
AND NOT scan.features && wanted.wants_none
"""
_COUNTS = f"""
SELECT wanted.id, count(*) FROM enrichment_featureset AS wanted
JOIN enrichment_hostsnapshot AS scan ON scan.id = ANY(%s) AND {_MATCHING}
GROUP BY wanted.id
"""  # noqa: S608  # no value of a user is part of the text


@dataclass(frozen=True)
class Match:
    """An address whose profiles matched, from the first to the last scan that did (UTC)."""

    address: str
    first: datetime
    last: datetime


def counts(chosen: Chosen) -> dict[int, int]:
    """How many of the chosen profiles each saved set matches, by the set's id; sets that match none are left out. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [chosen.ids.tolist()])
        return dict(cursor.fetchall())


def newest(feature_set: FeatureSet, limit: int) -> list[Match]:
    """Hosts that match a set, the latest scans first. One query."""
    rows = matching(feature_set).order_by().values_list("address").annotate(first=Min("scanned_at"), last=Max("scanned_at"))
    return [Match(*row) for row in rows.order_by("-last", "address")[:limit]]


def sets_of(features: Iterable[str]) -> list[FeatureSet]:
    """The saved sets that one profile matches, by name. One query."""
    had = list(features)
    fits = Q(wants_all__contained_by=had) & (Q(wants_any=[]) | Q(wants_any__overlap=had))
    return list(FeatureSet.objects.filter(fits).exclude(wants_none__overlap=had))


def matching(feature_set: FeatureSet) -> QuerySet[HostSnapshot]:
    """The profiles that match."""
    found = HostSnapshot.objects.filter(features__contains=feature_set.wants_all)
    if feature_set.wants_any:
        found = found.filter(features__overlap=feature_set.wants_any)
    return found.exclude(features__overlap=feature_set.wants_none) if feature_set.wants_none else found
