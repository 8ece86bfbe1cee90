"""The builder of cohorts: rows of conditions in the address of the page, and the expression they mean.

Row n has the parameters `c{n}-join` (and: all of these, or: at least one of these, not: none of these) and
`c{n}-{field}`. A row without any filter says nothing yet and is left out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.common.errors import ParameterError

JOINS = {"and": gettext_lazy("all of these"), "or": gettext_lazy("at least one of these"), "not": gettext_lazy("none of these")}
# field of a row → key of a condition
FILTERS = {"ports": "ports", "groups": "groups", "regions": "regions", "origin": "origin", "signatures": "signatures", "sensors": "sensors"}
FIELDS = ("join", *FILTERS, "min", "first", "last")
MOST_ROWS = 10
PREFIXES = tuple(f"c{n}-" for n in range(MOST_ROWS))
OWN = frozenset({"match", "add", *(f"c{n}-{field}" for n in range(MOST_ROWS) for field in FIELDS)})
_NUMBER = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True)
class Row:
    """One row of the form as the address has it."""

    number: int
    values: Mapping[str, str]

    @property
    def join(self) -> str:
        return self.values.get("join", "and")

    @property
    def is_filled(self) -> bool:
        return any(self.values.get(field) for field in FIELDS if field != "join")


@dataclass(frozen=True)
class Written:
    """The expression of some rows, and which row stands at which place of it."""

    expression: dict[str, Any]
    places: dict[str, int]

    def row_at(self, path: str) -> int | None:
        """The row that a problem at `path` is about."""
        return next((row for place, row in self.places.items() if path == place or path.startswith(f"{place}.")), None)


def rows_of(query: Mapping[str, str]) -> tuple[Row, ...]:
    found = (Row(n, {field: query.get(f"c{n}-{field}", "") for field in FIELDS}) for n in range(MOST_ROWS))
    return tuple(row for row in found if row.values["join"] or row.is_filled)


def next_number(rows: tuple[Row, ...]) -> int | None:
    """The number of a row to add, None where there are as many as there may be."""
    taken = {row.number for row in rows}
    return next((n for n in range(MOST_ROWS) if n not in taken), None)


def written(rows: tuple[Row, ...]) -> Written | None:
    """None where no row is filled in. ParameterError names the row's parameter."""
    parts: dict[str, list[tuple[int, dict[str, Any]]]] = {name: [] for name in JOINS}
    for row in rows:
        if row.join not in JOINS:
            raise ParameterError(f"c{row.number}-join", _("must be one of %(allowed)s") % {"allowed": ", ".join(JOINS)})
        if row.is_filled:
            parts[row.join].append((row.number, _condition(row)))
    if not any(parts.values()):
        return None
    members, places = _members(parts)
    return Written({"and": members}, places)


def _members(parts: Mapping[str, list[tuple[int, dict[str, Any]]]]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    members: list[dict[str, Any]] = [condition for _row, condition in parts["and"]]
    places = {f"and[{n}]": row for n, (row, _condition) in enumerate(parts["and"])}
    if parts["or"]:
        places |= {f"and[{len(members)}].or[{n}]": row for n, (row, _condition) in enumerate(parts["or"])}
        members.append({"or": [condition for _row, condition in parts["or"]]})
    places |= {f"and[{len(members) + n}].not": row for n, (row, _condition) in enumerate(parts["not"])}
    return members + [{"not": condition} for _row, condition in parts["not"]], places


def _condition(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {key: row.values[field] for field, key in FILTERS.items() if row.values[field]}
    if row.values["min"]:
        found["min_sensors"] = _number(row)
    return found | dict(_days(row))


def _number(row: Row) -> int:
    if not _NUMBER.fullmatch(row.values["min"]):
        raise ParameterError(f"c{row.number}-min", _("must be a number"))
    return int(row.values["min"])


def _days(row: Row) -> Iterator[tuple[str, str]]:
    """Its own period; the last day is inclusive for people and exclusive in expressions."""
    if row.values["first"]:
        yield "from", row.values["first"]
    if row.values["last"]:
        try:
            yield "to", (date.fromisoformat(row.values["last"]) + timedelta(days=1)).isoformat()
        except (ValueError, OverflowError) as error:
            raise ParameterError(f"c{row.number}-last", _("is not a day such as 2026-10-31")) from error
