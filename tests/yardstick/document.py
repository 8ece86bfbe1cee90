"""Reads docs/yardstick.md: which calls and pages it names, and what it says they answer."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "yardstick.md"
_ROW = re.compile(r"^\*\*(\d+)\.?\*\*|^\*\*(\d+)–(\d+)\.?\*\*")
_STEP = re.compile(r"^- (?:`(POST) )?`?(/[^`]+)`")
_BODY = re.compile(r" with `(\{.*?\})`(?= [→s])")
_VALUE = re.compile(r"`([^`]+)` = `([^`]+)`")
_TEXT = re.compile(r"`([^`]+)`")
_PART = re.compile(r"(\w*)((?:\[[^\]]*\])*)$")


@dataclass(frozen=True)
class Step:
    """One line of the document: a call with the values at paths of its answer, or a page with texts it shows."""

    section: str
    row: int
    line: int
    method: str
    url: str
    body: str
    values: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"row{self.row}-line{self.line}"


def filled(url: str, numbers: dict[str, int]) -> str:
    """The address with the ids that differ from load to load."""
    return re.sub(r"\{([\w-]+)\}", lambda match: str(numbers[match[1]]), url)


def steps() -> list[Step]:
    return list(_steps(PAGE.read_text(encoding="utf-8").splitlines()))


def rows() -> list[int]:
    """The rows of the list that the document speaks of, in its order."""
    found: list[int] = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if match := _ROW.match(line):
            first, last = (int(match[1]),) * 2 if match[1] else (int(match[2]), int(match[3]))
            found += range(first, last + 1)
    return found


def _steps(lines: list[str]) -> Iterator[Step]:
    section, row = "", 0
    for number, line in enumerate(lines, start=1):
        if line.startswith("## "):
            section = line[3:]
        elif match := _ROW.match(line):
            row = int(match[1] or match[2])
        elif row and (match := _STEP.match(line)):
            yield _step(section, row, number, line, match)


def _step(section: str, row: int, number: int, line: str, match: re.Match[str]) -> Step:
    rest, body = line[match.end() :], _BODY.search(line)
    is_page = " shows " in rest
    return Step(
        section=section,
        row=row,
        line=number,
        method=(match[1] or "get").lower(),
        url=match[2],
        body=body[1] if body else "",
        values=() if is_page else tuple(_VALUE.findall(rest)),
        texts=tuple(_TEXT.findall(rest.partition(" shows ")[2])) if is_page else (),
    )


def at(answer: Any, path: str) -> Any:
    """What stands at `rows[0].key`; `[]` takes all of a list, `[key=JP]` the one that has it, `[-1]` the last."""
    head, _dot, tail = _first(path)
    name, brackets = head
    found = answer[name] if name else answer
    return _through(found, brackets, tail)


def _first(path: str) -> tuple[tuple[str, list[str]], str, str]:
    head, dot, tail = path.partition(".") if "[" not in path.partition(".")[0] or "]" in path.partition(".")[0] else (path, "", "")
    match = _PART.match(head)
    assert match, f"{path!r} is no path"
    return (match[1], re.findall(r"\[([^\]]*)\]", match[2])), dot, tail


def _through(found: Any, brackets: list[str], tail: str) -> Any:
    if not brackets:
        return at(found, tail) if tail else found
    chosen, rest = brackets[0], brackets[1:]
    if not chosen:
        return [_through(one, rest, tail) for one in found]
    if "=" in chosen:
        name, value = chosen.split("=", 1)
        return _through(next(one for one in found if str(one[name]) == value), rest, tail)
    return _through(found[int(chosen)], rest, tail)


def agrees(actual: Any, stated: str) -> bool:
    """Numbers agree to the digits that are stated."""
    return _agrees(actual, json.loads(stated, parse_float=Decimal))


def _agrees(actual: Any, stated: Any) -> bool:
    if isinstance(stated, list):
        return isinstance(actual, list) and len(actual) == len(stated) and all(map(_agrees, actual, stated))
    if isinstance(stated, Decimal):
        exponent = stated.as_tuple().exponent
        assert isinstance(exponent, int)
        return isinstance(actual, int | float) and round(Decimal(repr(actual)), -exponent) == stated
    return bool(actual == stated)
