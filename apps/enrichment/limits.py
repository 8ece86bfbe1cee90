"""How much each provider may be asked, over all workers together."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_noop as _

from apps.enrichment.hosts.switches import why_off
from apps.enrichment.models import HostProvider

IN_FLIGHT = 4  # look-ups of one provider that workers have at once; as many more for tickets
APART_S = 1.1  # of a limit of one query a second, and a little for queries that are not equally long on the way
REGISTRIES = ("rdap:", "whois:", "nir:")


@dataclass(frozen=True)
class Limit:
    """`per_minute` holds for any sixty seconds, a tenth of it for tickets alone; `apart_s` lies between two queries. Of
    `per_day` (UTC; None: as many as come) `reserve` is for tickets alone."""

    per_minute: int
    apart_s: float = 0.0
    per_day: int | None = None
    reserve: int = 0
    in_flight: int = IN_FLIGHT

    def turns(self, *, for_ticket: bool) -> int:
        return self.per_minute if for_ticket else self.per_minute - self.per_minute // 10

    @property
    def per_day_for_others(self) -> int | None:
        return None if self.per_day is None else max(0, self.per_day - self.reserve)


def limit_of(provider: str) -> Limit:
    """KeyError for a provider there is none of."""
    if provider.startswith(REGISTRIES):
        return Limit(settings.RDAP_QUERIES_PER_MINUTE)
    return {
        "shodan": Limit(
            settings.SHODAN_QUERIES_PER_MINUTE,
            apart_s=_apart(settings.SHODAN_QUERIES_PER_MINUTE),
            per_day=settings.SHODAN_DAILY_BUDGET,
            reserve=settings.SHODAN_TICKET_RESERVE,
            in_flight=2,
        ),
        "internetdb": Limit(settings.INTERNETDB_QUERIES_PER_MINUTE, apart_s=_apart(settings.INTERNETDB_QUERIES_PER_MINUTE), in_flight=2),
    }[provider]


def _apart(per_minute: int) -> float:
    """Seconds between two queries: less than a second only where more than sixty a minute are allowed."""
    return min(APART_S, 60 / per_minute)


def off_reason(provider: str) -> str:
    """Why an installation asks this provider nothing at all, as a msgid; '' where it does ask."""
    if provider.startswith("rdap:") and settings.DEMO and not settings.RDAP_HOST_OVERRIDE:
        return _("A demo asks no registry; RDAP_HOST_OVERRIDE names its stand-in.")
    if provider.startswith("whois:"):
        return _off_beside_rdap(settings.WHOIS_ENABLED, settings.WHOIS_HOST_OVERRIDE)
    if provider.startswith("nir:"):
        return _off_beside_rdap(settings.NIR_ENABLED, settings.NIR_HOST_OVERRIDE)
    return why_off(HostProvider(provider)) if provider in HostProvider else ""


def _off_beside_rdap(is_on: bool, override: str) -> str:
    """Nobody asks real servers about what a stand-in answered."""
    if not is_on:
        return _("Switched off in the settings.")
    return _("Not asked: its stand-in is not set.") if not override and (settings.DEMO or settings.RDAP_HOST_OVERRIDE) else ""
