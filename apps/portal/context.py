"""What the frame of every page shows: navigation, language switch, demo mark, freshness."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Role
from apps.observations.figures import Freshness
from apps.portal.links import with_state

PAGES = (
    ("portal:home", _("Home")),
    ("portal:ports", _("Ports")),
    ("portal:regions", _("Regions")),
    ("portal:sources", _("Sources")),
    ("portal:sensors", _("Sensors")),
)


@dataclass(frozen=True)
class NavigationItem:
    label: str
    url: str
    is_current: bool


@dataclass
class Shell:
    """The frame of one page; parts that cost a query are asked for by the template that shows them."""

    request: HttpRequest
    is_demo: bool = settings.DEMO
    zone: str = settings.REPORT_TIME_ZONE.key

    @cached_property
    def language_url(self) -> str:
        return _url("accounts:language") or _url("set_language")

    @cached_property
    def logout_url(self) -> str:
        return _url("accounts:logout")

    @cached_property
    def navigation(self) -> list[NavigationItem]:
        items = [(str(label), with_state(reverse(name), self.request.GET), reverse(name)) for name, label in PAGES]
        for name, label in self._other_pages():
            if url := _url(name):
                items.append((str(label), url, url))
        return [NavigationItem(label, url, _is_current(self.request.path, path)) for label, url, path in items]

    def _other_pages(self) -> Iterator[tuple[str, object]]:
        user = self.request.user
        if user.is_own_staff:
            yield "coordination:ticket-list", _("Tickets")
        yield "api:docs", _("API")
        if user.is_staff or user.has_role(Role.ADMIN):
            yield "admin:index", _("Admin")

    @cached_property
    def freshness(self) -> Freshness:
        return Freshness(newest=None, rolled_at=None, stale_days=0)


def shell(request: HttpRequest) -> dict[str, object]:
    return {"shell": Shell(request)}


def _url(name: str) -> str:
    """The page's address, or '' where an installation does not have it."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _is_current(path: str, page: str) -> bool:
    return path == page if page == reverse("portal:home") else path.startswith(page)
