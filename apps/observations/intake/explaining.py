"""Why an NDJSON batch could not be read, line by line. Runs only where the fast reader has refused the whole."""

from typing import Any

import orjson

from apps.observations.intake import wire
from apps.observations.intake.wire import RowProblem

_NUMBERS = frozenset(field.name for field in wire.NDJSON_FLOWS if field.name not in {"signature", "src", "samples"})
_SAMPLE_FIELDS = frozenset(field.name for field in wire.NDJSON_SAMPLE)
_SAMPLE_TEXTS = frozenset({"tcp_options", "payload"})
_FIELDS = frozenset(wire.NDJSON_FLOWS.names)


def explain_lines(rest: bytes) -> list[RowProblem]:
    """The first problems of the lines below the header (`rest`), at most MAX_NAMED_ROWS of them."""
    problems: list[RowProblem] = []
    for row, line in enumerate(rest.removesuffix(b"\n").split(b"\n"), start=2):
        problems += [RowProblem(row, field, problem) for field, problem in _line_problems(line)]
        if len(problems) >= wire.MAX_NAMED_ROWS:
            break
    return problems[: wire.MAX_NAMED_ROWS]


def _line_problems(line: bytes) -> list[tuple[str, str]]:
    if not line.startswith(b"{") or not line.endswith(b"}"):
        return [("", "is not one JSON object from the first to the last letter of the line")]
    try:
        orjson.loads(line)
        values = wire.load_object(line, 0)
    except wire.RowsError as error:
        return [("", error.rows[0].problem)]
    except ValueError as error:
        return [("", f"is not a JSON object: {error}")]
    return _flow_problems(values)


def _flow_problems(values: dict[str, Any]) -> list[tuple[str, str]]:
    problems = [(name, "is not a field of a flow") for name in sorted(values.keys() - _FIELDS)]
    problems += _number_problems(values, _NUMBERS)
    problems += [(name, "must be text") for name in ("src", "signature") if not isinstance(values.get(name), str | None)]
    samples = values.get("samples")
    if samples is None:
        return problems
    if not isinstance(samples, list):
        return [*problems, ("samples", "must be a list of objects")]
    return problems + [problem for sample in samples for problem in _sample_problems(sample)]


def _sample_problems(sample: Any) -> list[tuple[str, str]]:
    if not isinstance(sample, dict):
        return [("samples", "must be a list of objects")]
    problems = [(f"samples.{name}", "is not a field of a sample") for name in sorted(sample.keys() - _SAMPLE_FIELDS)]
    problems += [(f"samples.{name}", text) for name, text in _number_problems(sample, _SAMPLE_FIELDS - _SAMPLE_TEXTS)]
    return problems + [(f"samples.{name}", "must be text") for name in _SAMPLE_TEXTS if not isinstance(sample.get(name), str | None)]


def _number_problems(values: dict[str, Any], names: frozenset[str]) -> list[tuple[str, str]]:
    return [(name, "must be an integer") for name in sorted(names) if not _is_integer(values.get(name))]


def _is_integer(value: Any) -> bool:
    return value is None or (type(value) is int and -(2**63) <= value < 2**63)
