"""Plain text in lines of at most 70 columns; a full-width character takes two, as terminals and mail programs show it."""

import re
import unicodedata

COLUMNS = 70
# What may not begin a Japanese line (行頭禁則) and what may not end one (行末禁則).
_NOT_FIRST = set("、。，．・：；？！ー）」』】］｝〉》〕’”々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ),.;:!?]}％%")
_NOT_LAST = set("（「『【［｛〈《〔‘“([{")
_PIECE = re.compile(r"[!-~\u00a1-\u02ff]+|\s|.")
_LEAD = re.compile(r"\s*(?:\([0-9]+\) |\[ \] |- |・|［ ］|（[0-9０-９]+）)?")


def width(text: str) -> int:
    """Columns of the text on screen."""
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)


def wrap(text: str, columns: int = COLUMNS) -> str:
    """Break lines that are too long; shorter lines, and words longer than a line, stay as they are."""
    return "\n".join(part for line in text.split("\n") for part in _wrap_line(line.rstrip(), columns))


def _wrap_line(line: str, columns: int) -> list[str]:
    if width(line) <= columns:
        return [line]
    lead = _LEAD.match(line)
    hanging = " " * width(lead[0] if lead else "")
    pieces, lines, indent = _PIECE.findall(line), [], ""
    while pieces:
        taken = _fitting(pieces, columns - width(indent))
        lines.append((indent + "".join(pieces[:taken])).rstrip())
        pieces, indent = pieces[taken:], hanging
        while pieces and pieces[0].isspace():
            pieces = pieces[1:]
    return lines


def _fitting(pieces: list[str], columns: int) -> int:
    """How many pieces make the next line: as many as fit, fewer where the break would fall in a forbidden place."""
    taken = used = 0
    while taken < len(pieces) and (used := used + width(pieces[taken])) <= columns:
        taken += 1
    if taken == len(pieces):
        return taken
    best = taken
    while taken > 1 and (pieces[taken][0] in _NOT_FIRST or pieces[taken - 1][-1] in _NOT_LAST):
        taken -= 1
    return taken if taken > 1 else max(best, 1)
