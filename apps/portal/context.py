"""What the frame of every page shows: navigation, language switch, demo mark."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.accounts.models import Role, User
from apps.coordination.models import may_read_tickets
from apps.portal import words
from apps.portal.links import with_state

Page = tuple[str, str]

# Each in the bar on its own, then groups of them. A page that an installation does not have is left out.
PAGES: tuple[Page, ...] = (
    ("portal:home", gettext_noop("Home")),
    ("portal:explorer", gettext_noop("Explorer")),
    ("portal:changes", gettext_noop("Notable changes")),
)
GROUPS: tuple[tuple[str, tuple[Page, ...]], ...] = (
    (
        gettext_noop("Analysis"),
        (
            ("portal:ports", gettext_noop("Ports")),
            ("portal:regions", gettext_noop("Regions")),
            ("portal:map", gettext_noop("Map")),
            ("portal:cohorts", gettext_noop("Cohorts")),
            ("portal:label-moves", gettext_noop("Label moves")),
            ("portal:sources", gettext_noop("Sources")),
            ("portal:notes", gettext_noop("Notes on ports")),
            ("portal:holders", gettext_noop("Holders")),
            ("portal:feature-sets", gettext_noop("Feature sets")),
            ("portal:annotations", gettext_noop("Annotations")),
        ),
    ),
    (
        gettext_noop("Sensors"),
        (
            ("portal:sensors", gettext_noop("Sensors")),
            ("portal:coverage", gettext_noop("Coverage calendar")),
            ("portal:exclusions", gettext_noop("Exclusions")),
            ("portal:scanners", gettext_noop("Survey scanners")),
            ("enrichment:providers", gettext_noop("Providers")),
        ),
    ),
)

STAFF_PAGES = {"portal:annotations", "portal:holders", "portal:feature-sets", "enrichment:providers"}  # nobody else has them


@dataclass(frozen=True)
class NavigationItem:
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class NavigationGroup:
    """A button that opens a list of pages; `id` ties the two together."""

    id: str
    label: str
    items: tuple[NavigationItem, ...]

    @property
    def is_current(self) -> bool:
        return any(item.is_current for item in self.items)


class Shell:
    """The frame of one page; what the template does not ask for is not worked out."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.is_demo = settings.DEMO

    @property
    def zone(self) -> str:
        return words.zone(settings.REPORT_TIME_ZONE.key)

    @property
    def language_url(self) -> str:
        return _url("accounts:language") or _url("set_language")

    @property
    def logout_url(self) -> str:
        return _url("accounts:logout")

    @cached_property
    def navigation(self) -> list[NavigationItem | NavigationGroup]:
        """Pages and groups of pages in order of the bar; a group of one is that page."""
        groups = [found for group in GROUPS if (found := self._group(group))]
        return [*self._pages(PAGES), *groups, *self._others()]

    def _pages(self, pages: Iterable[Page]) -> Iterator[NavigationItem]:
        user = self.request.user
        is_own_staff = isinstance(user, User) and user.is_own_staff
        for name, label in pages:
            if (is_own_staff or name not in STAFF_PAGES) and (path := _url(name)):
                yield NavigationItem(_(label), with_state(path, self.request.GET), _is_current(self.request.path, path))

    def _group(self, group: tuple[str, tuple[Page, ...]]) -> NavigationItem | NavigationGroup | None:
        label, pages = group
        items = tuple(self._pages(pages))
        return items[0] if len(items) == 1 else NavigationGroup(f"pages-{label.lower()}", _(label), items) if items else None

    def _others(self) -> Iterator[NavigationItem]:
        for name, label in self._other_pages():
            if path := _url(name):
                yield NavigationItem(label, path, _is_current(self.request.path, path))

    def _other_pages(self) -> Iterator[tuple[str, str]]:
        user = self.request.user
        if not isinstance(user, User):
            return
        if may_read_tickets(user):
            yield "coordination:ticket-list", _("Tickets")
        yield "api:docs", _("API")
        if user.is_staff and user.has_role(Role.ADMIN):
            yield "admin:index", _("Admin")


def shell(request: HttpRequest) -> dict[str, object]:
    return {"shell": Shell(request)}


def _url(name: str) -> str:
    """The page's path, or '' where an installation does not have it."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _is_current(path: str, page: str) -> bool:
    return path == page if page == reverse("portal:home") else path.startswith(page)
