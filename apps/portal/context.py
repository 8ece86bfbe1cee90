"""What the frame of every page shows: navigation, language switch, demo mark."""

from collections.abc import Iterator
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

PAGES = (
    ("portal:home", gettext_noop("Home")),
    ("portal:ports", gettext_noop("Ports")),
    ("portal:regions", gettext_noop("Regions")),
    ("portal:sources", gettext_noop("Sources")),
    ("portal:sensors", gettext_noop("Sensors")),
)


@dataclass(frozen=True)
class NavigationItem:
    label: str
    url: str
    is_current: bool


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
    def navigation(self) -> list[NavigationItem]:
        items = [(_(label), reverse(name), with_state(reverse(name), self.request.GET)) for name, label in PAGES]
        items += [(label, path, path) for name, label in self._other_pages() if (path := _url(name))]
        return [NavigationItem(label, url, _is_current(self.request.path, path)) for label, path, url in items]

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
