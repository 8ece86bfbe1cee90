"""Which events of the real sample the search for changes finds, and how many findings it makes a week: `python -m bench.changes_sample`.

Known events are told by DuckDB over the packets themselves, by another rule than the portal's: days on which one port or
region has at least 300 packets and eight times the median of all five months; neighbouring days are one event.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from bench import duck, honeypot
from bench.database import empty_database

FIRST, LAST = date(2013, 4, 1), date(2013, 7, 31)  # four weeks of history before the first search
LEAST, TIMES = 300, 8
_EVENTS = """
WITH daily AS (SELECT {by} AS subject, day, count(*) AS n FROM packet JOIN region_of USING (src) WHERE is_counted GROUP BY ALL),
     days AS (SELECT DISTINCT day FROM packet), subjects AS (SELECT DISTINCT subject FROM daily WHERE n >= {least}),
     usual AS (SELECT subject, median(coalesce(n, 0)) AS middle FROM subjects CROSS JOIN days
               LEFT JOIN daily USING (subject, day) GROUP BY 1)
SELECT subject, day, n, middle FROM daily JOIN usual USING (subject) WHERE n >= {least} AND n >= {times} * (middle + 1) ORDER BY 1, 2
"""

Event = tuple[str, date, date, int]  # subject, first and last day, packets of the largest day


def events(connection: Any) -> Iterator[Event]:
    for by in ("port", "region"):
        query = _EVENTS.format(by=by, least=LEAST, times=TIMES)
        runs: list[list[tuple[str, date, int, int]]] = []
        for row in connection.execute(query).fetchall():
            if runs and runs[-1][-1][0] == row[0] and row[1] - runs[-1][-1][1] <= timedelta(days=2):
                runs[-1].append(row)
            else:
                runs.append([row])
        for run in runs:
            if FIRST <= run[0][1] <= LAST:
                yield run[0][0], run[0][1], run[-1][1], max(n for _subject, _day, n, _middle in run)


def search() -> list[Any]:
    from apps.analysis.changes import runs
    from apps.analysis.models import Change

    for _day, _kept in runs.search_span("all", FIRST, LAST):
        pass
    return list(Change.objects.order_by("-score"))


def told(event: Event, changes: list[Any]) -> str:
    """The kinds of changes of the same subject that begin within two days of the event's days; trends and bumps, which go on
    for weeks, begin elsewhere."""
    subject, first, last, _most = event
    near = [one for one in changes if one.subject == subject and first - timedelta(2) <= one.first <= last + timedelta(2)]
    return ", ".join(dict.fromkeys(f"{one.get_kind_display()} ({one.score:.0f})" for one in near)) or "–"


def main() -> None:
    with empty_database("changes"):
        from apps.common.regions import decode
        from apps.reference.models import Delegation

        honeypot.load()
        ipv4 = Delegation.objects.filter(start_key__lt=1 << 32).values_list("start_key", "end_key", "region")
        known = list(events(duck.load(honeypot.SAMPLE, [(first, last, decode(region)) for first, last, region in ipv4])))
        from django.utils import translation

        with translation.override("en"):
            _print(known, search())


def _print(known: list[Event], changes: list[Any]) -> None:
    weeks = ((LAST - FIRST).days + 1) / 7
    by_kind = Counter(str(one.get_kind_display()) for one in changes)
    narrow = sum(bool(one.numbers.get("narrow")) for one in changes)
    print(f"{len(changes)} changes in {weeks:.1f} weeks: {len(changes) / weeks:.1f} a week, {narrow} of them narrow")
    print(", ".join(f"{kind} {count}" for kind, count in by_kind.most_common()))
    print("\n| event | days | packets of the largest day | found as (weight) |\n|---|---|---|---|")
    for event in sorted(known, key=lambda event: -event[3]):
        days = str(event[1]) if event[1] == event[2] else f"{event[1]} to {event[2]}"
        print(f"| {event[0]} | {days} | {event[3]:,} | {told(event, changes)} |")
    print(f"\n{sum(told(event, changes) != '–' for event in known)} of {len(known)} events found")


if __name__ == "__main__":
    main()
