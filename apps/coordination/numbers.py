"""Reference numbers: `2026-000123`, counted per year of the reporting zone, never given out twice."""

from datetime import datetime

from django.conf import settings
from django.db import connection

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


def tag(number: str) -> str:
    """What a subject carries: `[CSIRT-XX #2026-000123]`."""
    return f"[{settings.CSIRT_PREFIX} #{number}]"
