"""A short table of parts: what a total is made of."""

from dataclasses import dataclass

from apps.observations.figures import SeriesSet
from apps.observations.models import Signature
from apps.portal import words
from apps.portal.colours import Colour, colour_of
from apps.portal.state import View


@dataclass(frozen=True)
class ShareLine:
    label: str
    url: str
    colour: Colour
    value: str
    share: str
    bar: str


@dataclass(frozen=True)
class ShareTable:
    title: str
    unit: str
    lines: tuple[ShareLine, ...]


def share_table(found: SeriesSet, view: View, *, title: str) -> ShareTable:
    """The signatures of a selection, largest first; links lead to the sources that sent such packets."""
    parts = sorted((one for one in found.series if one.total), key=lambda one: -one.total)
    whole = sum(one.total for one in parts) or 1
    return ShareTable(
        title=title,
        unit=str(words.SHORT_UNITS[found.meta.unit]),
        lines=tuple(
            ShareLine(
                label=signature_label(one.key) if one.key else one.label,
                url=view.sources_url(signatures=one.key),
                colour=colour_of(one.key),
                value=words.number(one.total),
                share=words.percent(one.total / whole),
                bar=f"{100 * one.total / whole:.1f}",
            )
            for one in parts
        ),
    )


def signature_label(name: str) -> str:
    """The glossary's words for a signature's name on the wire."""
    return next((str(words.SIGNATURES[signature]) for signature in Signature if signature.label == name), name)
