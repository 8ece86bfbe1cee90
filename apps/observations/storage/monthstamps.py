"""Stamps that change with the fills and coverage of a month (`models.MonthStamp`)."""

from datetime import date
from typing import Any

_RENEW = """
INSERT INTO observations_monthstamp (month, stamp) SELECT month, gen_random_uuid() FROM unnest(%s::date[]) AS month ORDER BY month
ON CONFLICT (month) DO UPDATE SET stamp = EXCLUDED.stamp, body = NULL
"""


def renew(cursor: Any, months: list[date]) -> None:
    """Call it last in the transaction that changes fills or coverage of these months (their first days): others that do so wait until
    the commit. Random, because a number that was taken back with a transaction would be given again."""
    cursor.execute(_RENEW, [months])
