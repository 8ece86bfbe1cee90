"""Do the sources listen on the port they send to? A card on the page of a port, and a page of its own. For own staff."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.enrichment.likeness.listening import Listening
from apps.enrichment.likeness.scans import VALID_DAYS
from apps.observations.figures import Freshness
from apps.portal import captions, words
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.hostfigures import HolderListening, SamePort, same_port
from apps.portal.state import View
from apps.reference.names import port_label

SHOWN = 10


@dataclass(frozen=True)
class Part:
    """One of the three answers: how many, and the part of the bar that they take."""

    key: str
    label: str
    count: str
    x: str
    width: str


@dataclass(frozen=True)
class HolderLine:
    name: str
    url: str  # '' where no administrator is known
    features_url: str
    sources: str
    asked: str
    listening: str
    not_seen: str
    no_data: str
    share: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class SamePortPage:
    title: str
    filters: FilterBar
    freshness: Freshness
    sentence: str
    coverage: str
    parts: tuple[Part, ...]
    lines: tuple[HolderLine, ...]
    more_url: str
    has_sample: bool
    is_empty: bool  # nobody was asked about any of these sources
    caption: tuple[str, ...]
    csv_url: str


def same_port_page(view: View) -> SamePortPage:
    found = same_port(view.selection)
    shown = found.rows[: view.limit]
    return SamePortPage(
        title=captions.full_title(_("Sources listening on the same port"), view),
        filters=filter_bar(view, with_units=False, can_compare=False),
        freshness=view.freshness,
        sentence=sentence(found),
        coverage=coverage(found.everybody.listening),
        parts=_parts(found.everybody.listening),
        lines=tuple(_line(row, view) for row in shown),
        more_url=view.url_here(limit="200") if len(found.rows) > len(shown) else "",
        has_sample=found.everybody.listening.has_sample,
        is_empty=not found.everybody.listening.asked,
        caption=captions.caption(found.meta),
        csv_url=view.url(reverse("portal:csv-same-port"), **view.filters()),
    )


def sentence(found: SamePort) -> str:
    """The figure in words. "Sends to it and listens on it" is an indication, not a compromise, and so no more is said."""
    port, answers = port_label(found.port), found.everybody.listening
    if answers.share is None or answers.scan_days is None:
        return _("No scan within %(days)d days of a packet tells whether these sources listen on %(port)s.") % {
            "days": VALID_DAYS,
            "port": port,
        }
    first, last = (date.fromordinal(day) for day in answers.scan_days)
    text = _("Of %(m)s sources with a scan within %(days)d days of a packet, %(n)s (%(share)s) were listening on %(port)s.")
    return f"{text} {_('Scans: %(dates)s.')}" % {
        "m": words.number(answers.with_data),
        "n": words.number(answers.listening),
        "share": words.percent(answers.share),
        "days": VALID_DAYS,
        "port": port,
        "dates": words.days(first, last),
    }


def coverage(answers: Listening) -> str:
    return _("Looked up: %(n)s of %(m)s sources.") % {"n": words.number(answers.asked), "m": words.number(answers.total)}


def _parts(answers: Listening) -> tuple[Part, ...]:
    counts = (
        ("listening", _("listening"), answers.listening),
        ("not-seen", _("not seen listening"), answers.not_seen),
        ("no-data", _("no data"), answers.without_data),
    )
    total, before, parts = answers.total or 1, 0, []
    for key, label, count in counts:
        parts.append(Part(key, label, words.number(count), f"{100 * before / total:.2f}", f"{100 * count / total:.2f}"))
        before += count
    return tuple(parts)


def _line(row: HolderListening, view: View) -> HolderLine:
    answers, holder = row.listening, row.holder
    return HolderLine(
        name=(holder.name or "–") if holder else _("administrator not looked up"),
        url=view.url(reverse("portal:holder", args=[holder.id]), **view.filters()) if holder else "",
        features_url=view.url(reverse("portal:common-features"), **view.filters(), holder=str(holder.id)) if holder else "",
        sources=words.number(answers.total),
        asked=words.number(answers.asked),
        listening=words.number(answers.listening),
        not_seen=words.number(answers.not_seen),
        no_data=words.number(answers.without_data),
        share=words.percent(answers.share) if answers.share is not None else "–",
        parts=_parts(answers),
    )


def same_port_rows(view: View) -> Iterator[list[Any]]:
    """For the CSV: administrator, sources, looked up, listening, not seen, no data, share."""
    found = same_port(view.selection)
    for row in found.rows:
        answers = row.listening
        name = row.holder.name if row.holder else _("administrator not looked up")
        yield [name, answers.total, answers.asked, answers.listening, answers.not_seen, answers.without_data, answers.share]
