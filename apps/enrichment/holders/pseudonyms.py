"""Names that tell what a holder does and not who it is: by rank, for one report alone."""

from collections import Counter
from collections.abc import Iterable
from string import ascii_uppercase

from django.utils.translation import gettext_lazy as _

from apps.enrichment.models import HolderKind

LEAST_SOURCES = 3  # of fewer, whoever knows one of the sources would know the holder
_CLASSES = {
    HolderKind.ISP_DYNAMIC: _("ISP %(letter)s"),
    HolderKind.ISP_FIXED: _("ISP %(letter)s"),
    HolderKind.SHARED: _("ISP %(letter)s"),
    HolderKind.HOSTING: _("Hosting %(letter)s"),
    HolderKind.ENTERPRISE: _("Enterprise %(letter)s"),
    HolderKind.ACADEMIC: _("Academic %(letter)s"),
    HolderKind.GOVERNMENT: _("Government %(letter)s"),
    HolderKind.UNKNOWN: _("Administrator %(letter)s"),
}


def by_rank(ranked: Iterable[tuple[int, HolderKind, int]]) -> dict[int, str]:
    """(holder, kind, sources), most sources first → pseudonym by holder, in the active language. Holders of fewer than
    LEAST_SOURCES have none and belong among the others."""
    used: Counter[str] = Counter()
    names: dict[int, str] = {}
    for holder, kind, sources in ranked:
        if sources >= LEAST_SOURCES:
            pattern = str(_CLASSES[kind])
            names[holder] = pattern % {"letter": letters(used[pattern])}
            used[pattern] += 1
    return names


def letters(number: int) -> str:
    """0 → A, 25 → Z, 26 → AA, as columns of a spreadsheet."""
    text = ""
    number += 1
    while number:
        number, place = divmod(number - 1, 26)
        text = ascii_uppercase[place] + text
    return text


def inside(holder: int) -> str:
    """The stable pseudonym that own staff see beside the name."""
    return str(_("Holder %(number)s")) % {"number": holder}
