"""How many of the sources behind a view were looked up, and the button that asks for the others. For own staff."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.analysis import daysets
from apps.analysis.cohorts.algebra import whole
from apps.common import sourcekeys
from apps.enrichment.coverage import LookedUp, looked_up, providers_in_use
from apps.enrichment.models import HostProvider, Priority
from apps.enrichment.services import REGISTRY, BatchCounts, request_many
from apps.enrichment.views import ASKERS
from apps.observations.figures import Freshness, Selection
from apps.observations.planning.sourcelists import require_addresses
from apps.portal import words
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.pages.crowds import Later
from apps.portal.state import View
from apps.reference.special import bogon_mask


@dataclass(frozen=True)
class Progress:
    """One line of the card: of whom is asked, and how far that is."""

    provider: str
    label: str
    text: str
    under_way: str  # "" where none is
    known: int
    total: int
    may_ask: bool


@dataclass(frozen=True)
class LookingUp:
    filters: FilterBar
    freshness: Freshness
    lines: tuple[Progress, ...]
    url: str
    is_moving: bool
    limit: str


def later(view: View) -> Later | None:
    """The card's place on other pages; nobody but own staff has it."""
    url = view.url(reverse("portal:looking-up"), **view.filters())
    return Later("looking-up", _("Look-ups of the sources"), url) if view.user.is_own_staff else None


def looking_up_page(view: View) -> LookingUp:
    require_addresses(view.selection.scope)
    keys = whole(daysets.days_of(view.selection))
    may_ask = view.user.has_role(*ASKERS)
    found = looked_up(providers_in_use(), keys)
    lines = tuple(_progress(provider, one, may_ask) for provider, one in found.items())
    return LookingUp(
        filters=filter_bar(view, with_units=False, can_compare=False),
        freshness=view.freshness,
        lines=lines,
        url=view.url(reverse("portal:looking-up"), **view.filters()),
        is_moving=any(line.under_way for line in lines),
        limit=words.number(settings.LOOKUP_BATCH_LIMIT),
    )


def _progress(provider: str, found: LookedUp, may_ask: bool) -> Progress:
    known, under_way, total = int(found.known.sum()), int(found.under_way.sum()), len(found.known)
    return Progress(
        provider=provider,
        label=_("Registries") if provider == REGISTRY else str(HostProvider(provider).label),
        text=_("%(n)s of %(m)s sources looked up") % {"n": words.number(known), "m": words.number(total)},
        under_way=_("%(count)s under way") % {"count": words.number(under_way)} if under_way else "",
        known=known,
        total=total,
        may_ask=may_ask and known < total,
    )


def ask_for_sources(selection: Selection, *, provider: str, by: User | None, limit: int, reason: str, priority: Priority) -> BatchCounts:
    """Queue look-ups of the sources of a selection that are not known yet, `limit` of them at most.
    ParameterError on `provider` where there is none such."""
    keys = whole(daysets.days_of(selection))
    found = looked_up([provider], keys)[provider]
    unknown = keys[~(found.known | found.under_way | bogon_mask(keys))][:limit]
    return request_many(map(sourcekeys.to_address, unknown.tolist()), by=by, provider=provider, priority=priority, reason=reason)
