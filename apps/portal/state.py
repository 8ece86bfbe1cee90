"""What a page looks at, read from its address alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import cast

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.common.errors import ParameterError
from apps.common.periods import Bin, Period
from apps.observations import params
from apps.observations.figures import Against, Freshness, Selection, Unit
from apps.observations.queries import newest_data
from apps.portal import words
from apps.portal.links import with_state
from apps.sensors.models import Sensor
from apps.sensors.queries import sensor_labels

# `previous=true` is what links of before `compare` say.
PAGE_NAMES = frozenset({"unit", "bin", "scale", "compare", "previous", "limit", "cursor"})
NARROWING = ("ports", "groups", "regions", "origin", "prefix")
OF_SOURCES = frozenset({"prefix"})  # filters that pages about single sources take, and no others
LAST_DAYS = {"through": "to", "before_through": "before_to"}  # inclusive for people, exclusive for programs
OWN_FILTERS = (*NARROWING, "limit")


class Scale(StrEnum):
    """The axis of values; a logarithmic one keeps small curves readable beside a large one."""

    LINEAR = "linear"
    LOG = "log"


@dataclass(frozen=True)
class View:
    """One page's question: the selection, its unit and bins, and with what it is compared."""

    path: str
    query: QueryDict
    user: User
    selection: Selection
    unit: Unit
    bin: Bin
    scale: Scale
    against: Against | None
    limit: int
    fixed: Mapping[str, str]  # filters that the page itself is about, such as the port of a port page
    own: tuple[str, ...] = ()  # parameters that the page alone understands

    @property
    def period(self) -> Period:
        return self.selection.period

    @property
    def compares(self) -> bool:
        return self.against is not None

    @cached_property
    def sensor_names(self) -> list[str]:
        """The sensor set as titles name it: nothing for all sensors, chosen ones each by the label the viewer may see."""
        scope = self.selection.scope
        if scope.label == "all":
            return []
        if not scope.label.endswith("chosen"):
            return [str(words.SENSOR_SETS[scope.label])]
        sensors = list(Sensor.objects.filter(pk__in=scope.sensor_ids))
        names = sorted(sensor_labels(sensors, self.user).values())
        return [_("scenario"), *names] if scope.is_scenario else names

    def of_sensors_only(self) -> "View":
        """The view of a page that heeds the period and the sensors alone, so that it claims no other filter."""
        selection = Selection(self.selection.scope, self.selection.period, fixed_panel=self.selection.fixed_panel)
        return replace(self, selection=selection, unit=Unit.PACKETS, bin=Bin.DAY)

    @cached_property
    def freshness(self) -> Freshness:
        """How new the data is; asked after the figures it takes no query of its own, because they ask it with their own."""
        return newest_data(self.selection.scope)

    @cached_property
    def _kept(self) -> str:
        """The end of every link that keeps the view as it is; a map has hundreds."""
        return with_state("", self.query)

    def url(self, path: str, **changes: str) -> str:
        """A link to `path` that keeps the view."""
        return with_state(path, self.query, **changes) if changes else f"{path}{self._kept}"

    def url_here(self, **changes: str) -> str:
        """This page with one thing of the view changed, its own filters kept."""
        return with_state(self.path, self.query, **({name: self.query.get(name, "") for name in (*OWN_FILTERS, *self.own)} | changes))

    def sources_url(self, **changes: str) -> str:
        """The sources behind the view, its filters by port and region included."""
        return self.url(reverse("portal:sources"), **{**self.filters(), **changes})

    def filters(self) -> dict[str, str]:
        """Ports and regions that narrow the view, by the address or by the page."""
        return {name: self.query.get(name, "") for name in NARROWING} | dict(self.fixed)


def view_from(
    request: HttpRequest, *, limit: int = 25, filters: Mapping[str, str] | None = None, others: frozenset[str] = frozenset()
) -> View:
    """Read the address of a page; ParameterError names what is wrong with it. `filters` are those of the page itself
    (the port of a port page) and narrow the selection without showing in the links; `others` are parameters that the page
    reads itself."""
    query, user = request.GET, cast(User, request.user)  # pages are behind login_required
    own = dict(filters or {})
    params.require_filters(query, own)
    if "ports" in own:
        own["groups"] = ""  # groups would join the port that the page is about
    selection = params.selection_from({**query.dict(), **own}, user, others=PAGE_NAMES | others)
    return View(
        path=request.path,
        query=query,
        user=user,
        selection=selection,
        unit=params.unit_from(query),
        bin=params.bin_from(query, selection.period, _comfortable_bin(selection.period)),
        scale=params.choice_from(query, "scale", tuple(Scale), Scale.LINEAR),
        against=params.against_from(query) or (Against.PREVIOUS if params.flag_from(query, "previous") else None),
        limit=params.limit_from(query, limit),
        fixed=own,
        own=tuple(sorted(others)),
    )


def _comfortable_bin(period: Period) -> Bin:
    """Bins of which a chart shows a few dozen to a few hundred."""
    span = period.end - period.start
    if span <= timedelta(days=3):
        return Bin.HOUR
    return Bin.DAY if span <= timedelta(days=400) else Bin.WEEK


def canonical_url(request: HttpRequest) -> str | None:
    """Where a submitted filter form leads: its last day, inclusive for people, becomes the exclusive `to`, and what
    is empty goes. None where the address is already as it should be."""
    query = request.GET.copy()
    for last, end in LAST_DAYS.items():
        through = str(request.GET.get(last) or "").strip()
        query.pop(last, None)
        if through:
            query[end] = _day_after(last, through).isoformat()
            query.pop("period" if end == "to" else "", None)
    for name in [name for name in query if not str(query[name]).strip()]:
        del query[name]
    if query == request.GET:
        return None
    return f"{request.path}?{query.urlencode(safe='/,:')}" if query else request.path


def _day_after(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise ParameterError(name, _("is not a day such as 2026-10-31")) from error
