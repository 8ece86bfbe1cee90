"""Annotations beside a figure: a numbered mark on the day, and below the chart the text with its link."""

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from apps.analysis.models import Annotation
from apps.portal import words
from apps.portal.figures import Figure, Note


def with_annotations(figure: Figure, found: Sequence[Annotation]) -> Figure:
    numbered = list(enumerate(found, 1))
    marks = [{"day": one.day.isoformat(), "label": str(number), "text": one.text, "url": one.url} for number, one in numbered]
    notes = [Note(_text(number, one), one.url) for number, one in numbered]
    return replace(figure, notes=(*figure.notes, *notes), data=figure.data | {"annotations": marks})


def _text(number: int, one: Annotation) -> str:
    return _("[%(number)d] %(days)s: %(text)s") % {"number": number, "days": words.days(one.day, one.last), "text": one.text}
