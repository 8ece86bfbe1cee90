"""Answers as tables for spreadsheets."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rest_framework.renderers import BaseRenderer

from apps.common.exports import csv_lines

RANKING = ("rank", "key", "label", "value", "share", "previous_rank", "previous_value", "sensors", "largest_sensor_share")
SOURCES = ("address", "packets", "first_seen", "last_seen", "sensors", "ports", "port_count", "region", "asn")


class FigureCSVRenderer(BaseRenderer):
    """One header line, then rows: of a series set one row a bin and one column a series. Errors stay JSON-like text."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Mapping[str, Any], accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        header, rows = _table(data)
        return "".join(csv_lines(header, rows)).encode()


def _table(data: Mapping[str, Any]) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
    if "starts" in data:
        return _series(data)
    if "rows" not in data:
        return ("code", "message"), iter([(data["code"], data["message"])])
    columns = RANKING if "dimension" in data else SOURCES
    return columns, ([_cell(row[name]) for name in columns] for row in data["rows"])


def _series(data: Mapping[str, Any]) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
    """Values, then what they are compared with bin by bin, then their means."""
    labels = [line["label"] or data["meta"]["unit"] for line in data["series"]]
    header, columns = ["start", *labels], [line["values"] for line in data["series"]]
    if data.get("compared"):
        header += [f"{label} ({data['against']})" for label in labels]
        columns += [_as_long(line["values"], len(data["starts"])) for line in data["compared"]["series"]]
    if data.get("mean"):
        header += [f"{label} (mean of {data['mean']})" for label in labels]
        columns += [line["mean"] for line in data["series"]]
    return header, zip(data["starts"], *columns, strict=True)


def _as_long(values: Sequence[Any], length: int) -> list[Any]:
    return [*values[:length], *[None] * (length - len(values))]


def _cell(value: Any) -> Any:
    return " ".join(value) if isinstance(value, list) else value
