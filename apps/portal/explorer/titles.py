"""Titles of the explorer's figures."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.observations.figures import Dimension
from apps.portal.explorer.question import ChartKind, Question

SPLITS = {
    Dimension.PORT: gettext_lazy("destination port"),
    Dimension.KIND: gettext_lazy("destination port or group"),
    Dimension.REGION: gettext_lazy("source region"),
    Dimension.ORIGIN: gettext_lazy("origin of the sources"),
    Dimension.SENSOR: gettext_lazy("sensor"),
    Dimension.PANEL: gettext_lazy("side of the network"),
    Dimension.SIGNATURE: gettext_lazy("signature"),
}
CHARTS = {
    ChartKind.LINE: gettext_lazy("lines"),
    ChartKind.STACKED: gettext_lazy("stacked bars"),
    ChartKind.SHARE: gettext_lazy("shares (100 %)"),
    ChartKind.MULTIPLES: gettext_lazy("small charts on one axis"),
    ChartKind.HEAT: gettext_lazy("source regions × destination ports"),
    ChartKind.PROFILE: gettext_lazy("hours of the day"),
    ChartKind.TABLE: gettext_lazy("table"),
}
_SUBJECTS = {
    ChartKind.SHARE: gettext_lazy("Shares"),
    ChartKind.PROFILE: gettext_lazy("Hours of the day"),
}
# Dimensions with so many keys that a figure shows the first ones only.
_LONG = (Dimension.PORT, Dimension.KIND, Dimension.REGION, Dimension.SENSOR)


def title_of(question: Question, shown: int, *, ranked: bool = False) -> str:
    """`shown` is how many keys there are in the figure."""
    subject = _("Ranking") if ranked else str(_SUBJECTS.get(question.chart, _("Trend")))
    if question.split is Dimension.NONE:
        return subject
    title = _("%(subject)s by %(split)s") % {"subject": subject, "split": SPLITS[question.split]}
    if question.split in _LONG and shown >= question.top:
        title = _("%(title)s, top %(n)d") % {"title": title, "n": question.top}
    return title
