"""Reference numbers: `2026-000123`, counted per year of the reporting zone, never given out twice."""

import re
import unicodedata
from datetime import datetime

from django.conf import settings
from django.db import connection

_NUMBER = re.compile(r"(?<!\d)(\d{4})-(\d{6})(?!\d)", re.ASCII)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−ー"), "-")  # what keyboards and mail programs make of a hyphen
_NEXT = """
INSERT INTO coordination_numbercounter AS counter (year, last) VALUES (%s, 1)
ON CONFLICT (year) DO UPDATE SET last = counter.last + 1 RETURNING last
"""


def allocate(at: datetime) -> str:
    """The next number of the year of `at`. Two callers never get the same one: the second waits for the first's row."""
    year = at.astimezone(settings.REPORT_TIME_ZONE).year
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [year])
        return f"{year}-{cursor.fetchone()[0]:06d}"


def find(text: str) -> str | None:
    """The number that stands in a subject or anything pasted: `RE: ［CSIRT-XX ＃２０２６－０００１２３］ …` → `2026-000123`."""
    match = _NUMBER.search(folded(text))
    return f"{match[1]}-{match[2]}" if match else None


def folded(text: str) -> str:
    """The text with half-width letters, digits, brackets and hyphens."""
    return unicodedata.normalize("NFKC", text).translate(_DASHES)


def tag(number: str) -> str:
    """What a subject carries: `[CSIRT-XX #2026-000123]`."""
    return f"[{settings.CSIRT_PREFIX} #{number}]"
