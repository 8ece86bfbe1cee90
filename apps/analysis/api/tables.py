"""Rows of an answer as CSV: a view names its `columns`."""

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework.renderers import BaseRenderer

from apps.common.exports import csv_lines


class RowsCSVRenderer(BaseRenderer):
    """The `rows` of an answer under the columns that its view names; of an error code and message."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Mapping[str, Any], accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        columns: Sequence[str] = renderer_context["view"].columns if "rows" in data else ("code", "message")
        rows = (data["rows"] or []) if "rows" in data else [data]
        return "".join(csv_lines(columns, ([_cell(row[name]) for name in columns] for row in rows))).encode()


def _cell(value: Any) -> Any:
    return " ".join(value) if isinstance(value, list) else value
