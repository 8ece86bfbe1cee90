"""Matrices of two dimensions for programs."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.analysis.matrices import COLUMNS, MAX_SIDE, ROWS, matrix
from apps.common.exports import csv_lines
from apps.observations import params, queries
from apps.observations.api import parameters
from apps.observations.api.renderers import FigureCSVRenderer
from apps.observations.api.serializers import MetaOut, NumberField, ValuesField
from apps.observations.api.views import ERRORS, FigureView

SIDE = 10
PARAMETERS = [
    parameters.choice("rows", ROWS, ROWS[0], "What the rows are."),
    parameters.choice("columns", COLUMNS, COLUMNS[0], "What the columns are."),
    parameters.UNIT,
    parameters.count("top_rows", SIDE, MAX_SIDE, "Number of rows."),
    parameters.count("top_columns", SIDE, MAX_SIDE, "Number of columns."),
    *parameters.SELECTION,
    parameters.FORMAT,
]


class HeadingOut(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a name of the answer, not of the field
    total = NumberField(help_text="The unit's value of all of it, columns that are not shown included.")


class RowOut(HeadingOut):
    values = ValuesField(help_text="One a column; null where the unit has no value.")
    shares = ValuesField(help_text="Of the row's total; of sources they may add up to more than 1. null for ratios.")


class MatrixOut(serializers.Serializer):
    row_dimension = serializers.CharField()
    column_dimension = serializers.CharField()
    meta = MetaOut()
    columns = HeadingOut(many=True)
    rows = RowOut(many=True, source="lines")


class MatrixCSVRenderer(FigureCSVRenderer):
    """A line a row: its key, label and total, values, then shares."""

    def render(self, data: Mapping[str, Any], accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if "columns" not in data:
            return super().render(data, accepted_media_type, renderer_context)
        labels = [column["label"] for column in data["columns"]]
        header = ["key", "label", "total", *labels, *(f"{label} (share)" for label in labels)]
        rows = ([row["key"], row["label"], row["total"], *row["values"], *row["shares"]] for row in data["rows"])
        return "".join(csv_lines(header, rows)).encode()


class MatrixView(FigureView):
    renderer_classes = [JSONRenderer, MatrixCSVRenderer]
    others = parameters.names(PARAMETERS)

    @extend_schema(
        operation_id="matrix",
        summary="Two dimensions at once, such as source regions by ports",
        parameters=PARAMETERS,
        responses={200: MatrixOut, **ERRORS},
        tags=["analysis"],
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        with queries.reading():
            selection = params.selection_from(query, request.user, others=self.others)
            found = matrix(
                selection,
                rows=params.choice_from(query, "rows", ROWS, ROWS[0]),
                columns=params.choice_from(query, "columns", COLUMNS, COLUMNS[0]),
                unit=params.unit_from(query),
                top_rows=params.number_from(query, "top_rows", SIDE, MAX_SIDE),
                top_columns=params.number_from(query, "top_columns", SIDE, MAX_SIDE),
            )
            return self.answer(MatrixOut, found, selection)
