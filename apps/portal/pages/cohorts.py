"""Cohorts: who did this and that and not the other?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.analysis import daysets
from apps.analysis.cohorts.algebra import in_both
from apps.analysis.cohorts.evaluation import Cohort, evaluate
from apps.analysis.cohorts.expressions import Match
from apps.analysis.cohorts.reading import question_from
from apps.analysis.coports import CoPort
from apps.common import regions, sourcekeys
from apps.common.errors import ParameterError
from apps.observations import queries
from apps.observations.figures import Freshness
from apps.portal import captions, cohort_builder, words
from apps.portal.cohort_builder import FIELDS, JOINS, Row, Written
from apps.portal.daytrends import day_series, in_reporting_zone
from apps.portal.figures import Figure, series_figure
from apps.portal.filters import Choice, FilterBar, filter_bar
from apps.portal.holdertables import covered_days, holder_counts, holder_table
from apps.portal.links import with_query
from apps.portal.pages.crowds import Later, n_of_m
from apps.portal.pages.holder import without_links
from apps.portal.pages.holders import HoldersPage
from apps.portal.pages.sources import SourceLine, source_lines
from apps.portal.state import View
from apps.reference.names import region_label

TOP = 10
MOST_SOURCES = 100_000  # of a CSV


@dataclass(frozen=True)
class FormRow:
    """A condition as the form shows it; `sources` once it has been counted."""

    number: int
    position: int
    values: Mapping[str, str]
    joins: tuple[Choice, ...]
    sources: str
    problem: str
    remove_url: str


@dataclass(frozen=True)
class PartLine:
    label: str
    url: str
    text: str
    share: str


@dataclass(frozen=True)
class Result:
    """`meaning` says what "and" meant; `list_problem` why there is no list."""

    total: str
    meaning: str
    trend: Figure | None
    regions: tuple[PartLine, ...]
    ports: tuple[PartLine, ...]
    lines: tuple[SourceLine, ...]
    list_problem: str
    next_url: str
    first_url: str
    csv_url: str
    holders: Later | None  # for own staff
    caption: tuple[str, ...]


@dataclass(frozen=True)
class CohortsPage:
    filters: FilterBar
    freshness: Freshness
    rows: tuple[FormRow, ...]
    matches: tuple[Choice, ...]
    carried: tuple[tuple[str, str], ...]  # of the view, kept by the builder's form
    can_add: bool
    result: Result | None
    problem: str  # of the whole; that of a row stands beside it
    examples: tuple[tuple[str, str], ...]  # label, address

    @property
    def is_refused(self) -> bool:
        return bool(self.problem)


def cohorts_page(view: View) -> CohortsPage:
    """Problems of the conditions are shown in the form, so that nothing typed is lost."""
    rows = cohort_builder.rows_of(view.query)
    expression, cohort, problem = None, None, None
    try:
        expression = cohort_builder.written(rows)
        cohort = _evaluated(view, expression) if expression else None
    except ParameterError as error:
        problem = error
    counts = {row: count for path, count in _counts(cohort) if expression and (row := expression.row_at(path)) is not None}
    return CohortsPage(
        filters=filter_bar(view.of_sensors_only(), with_units=False, with_scanners=False, can_compare=False),
        freshness=view.freshness,
        rows=tuple(_form_row(n, row, view, counts.get(row.number), expression, problem) for n, row in enumerate(rows or (Row(0, {}),), 1)),
        matches=tuple(Choice(match, label, match == _match(view)) for match, label in _matches().items()),
        carried=tuple(
            (name, str(view.query[name])) for name in ("from", "to", "period", "zone", "sensors", "fixed") if view.query.get(name)
        ),
        can_add=cohort_builder.next_number(rows) is not None,
        result=_result(cohort, view) if cohort else None,
        problem=problem.message if problem else "",
        examples=tuple(_examples(view)),
    )


def _evaluated(view: View, written: Written) -> Cohort:
    base = {"from": view.period.start.isoformat(), "to": view.period.end.isoformat(), "zone": view.period.zone.key}
    base |= {"sensors": view.query.get("sensors", "all"), "fixed": view.query.get("fixed", "")}
    body = {"expression": written.expression, "match": _match(view), **base}
    return evaluate(question_from(body, view.user, view.selection.scope))


def cohort_of(view: View) -> Cohort:
    """The cohort of an address, for its CSV."""
    written = cohort_builder.written(cohort_builder.rows_of(view.query))
    if written is None:
        raise ParameterError("c0-ports", _("give at least one condition"))
    return _evaluated(view, written)


def member_rows(cohort: Cohort) -> Iterator[list[str]]:
    for key in cohort.keys[:MOST_SOURCES].tolist():
        yield [sourcekeys.to_address(key)]


def _match(view: View) -> str:
    return view.query.get("match") or Match.SAME_DAY.value


def _matches() -> dict[str, str]:
    return {Match.SAME_DAY.value: _("on the same day"), Match.ANY_DAY.value: _("at any time in the period")}


def _counts(cohort: Cohort | None) -> Iterator[tuple[str, int]]:
    for count in cohort.atoms if cohort else ():
        yield count.path, count.sources


def _form_row(position: int, row: Row, view: View, sources: int | None, written: Written | None, problem: ParameterError | None) -> FormRow:
    return FormRow(
        number=row.number,
        position=position,
        values=row.values,
        joins=tuple(Choice(join, str(label), join == row.join) for join, label in JOINS.items()),
        sources=words.number(sources) if sources is not None else "",
        problem=_problem_of(row, written, problem),
        remove_url=_without(row, view),
    )


def _problem_of(row: Row, written: Written | None, problem: ParameterError | None) -> str:
    if problem is None:
        return ""
    at = written.row_at(problem.name) if written else None
    return problem.message if at == row.number or problem.name.startswith(f"c{row.number}-") else ""


def _without(row: Row, view: View) -> str:
    return view.url_here(**{f"c{row.number}-{field}": "" for field in FIELDS}, cursor="")


def url_with_row(view: View, number: int) -> str:
    """The page with one more row."""
    return view.url_here(**{"add": "", f"c{number}-join": "and"}) + f"#condition-{number}"


def _examples(view: View) -> Iterator[tuple[str, str]]:
    def link(label: str, **values: str) -> tuple[str, str]:
        return label, view.url(view.path, **{name.replace("_", "-"): text for name, text in values.items()})

    yield link(
        _("sent to 445/TCP and to 1433/TCP at any time"),
        c0_join="and",
        c0_ports="tcp/445",
        c1_join="and",
        c1_ports="tcp/1433",
        match="any_day",
    )
    yield link(
        _("sent to 23/TCP and on the same day not to 2323/TCP"), c0_join="and", c0_ports="tcp/23", c1_join="not", c1_ports="tcp/2323"
    )
    yield link(_("seen by at least three sensors in the period"), c0_join="and", c0_min="3", match="any_day")


def _result(cohort: Cohort, view: View) -> Result:
    cursor = view.query.get("cursor", "")
    listing, in_regions, ports = queries.together(lambda: cohort.listing(cursor, view.limit), cohort.regions, lambda: cohort.co_ports(TOP))
    page = listing.page
    return Result(
        total=words.number(cohort.total),
        meaning=_meaning(cohort),
        trend=trend(cohort, view) if cohort.days else None,
        regions=tuple(_region(part.code, part.sources, cohort.total, view) for part in in_regions[:TOP]),
        ports=tuple(_port(row, cohort.total, view) for row in ports),
        lines=source_lines(page.rows, view) if page else (),
        list_problem=listing.problem,
        next_url=view.url_here(cursor=page.next_cursor) if page and page.next_cursor else "",
        first_url=view.url_here() if cursor else "",
        csv_url=_here("portal:csv-cohort", view),
        holders=_holders_later(view) if view.user.is_own_staff else None,
        caption=(_meaning(cohort), *captions.caption(cohort.meta)),
    )


def _meaning(cohort: Cohort) -> str:
    if cohort.question.match is Match.SAME_DAY:
        return _("“And” means the same day of the reporting zone.")
    return _("“And” means at any time in the period, not the same day.")


def _here(name: str, view: View) -> str:
    kept = {key: str(view.query[key]) for key in ("from", "to", "period", "zone", "sensors", "fixed", *view.own) if view.query.get(key)}
    return with_query(reverse(name), kept)


def _region(code: int, sources: int, total: int, view: View) -> PartLine:
    region = regions.decode(code)
    url = view.url(reverse("portal:region", args=[region]))
    return PartLine(region_label(region), url, n_of_m(sources, total), words.percent(sources / total))


def _port(row: CoPort, total: int, view: View) -> PartLine:
    url = view.url(reverse("portal:port", args=row.port.split("/")))
    return PartLine(row.label, url, n_of_m(row.sources, total), words.percent(row.share))


def trend(cohort: Cohort, view: View) -> Figure:
    """Members by day, of a cohort that is matched by day."""
    whole = in_reporting_zone(view, cohort.whole)
    values = tuple(None if count.sources is None else float(count.sources) for count in cohort.days)
    found = day_series(whole, cohort.meta, _("members"), values, cohort.total)
    figure = series_figure(
        found, whole, id="members", title=_("Members of the cohort by day"), kind="bar", csv_url=_here("portal:csv-cohort-days", view)
    )
    return without_links(figure)


def _holders_later(view: View) -> Later:
    return Later("holders", _("Administrators of the sources"), _here("portal:cohort-holders", view))


def cohort_holders(view: View) -> HoldersPage:
    """Who administers the members; daily means are over the days on which each sent anything."""
    cohort = cohort_of(view)
    days = daysets.days_of(cohort.whole)
    found = holder_counts(in_both(days, dict.fromkeys(days, cohort.keys)), covered_days(cohort.meta))
    return HoldersPage(
        title=_("Administrators of the sources"),
        filters=filter_bar(view, with_units=False, with_scanners=False, can_compare=False),
        freshness=view.freshness,
        table=holder_table(found, view, TOP),
        caption=(_meaning(cohort), *captions.caption(cohort.meta)),
        csv_url="",
    )
