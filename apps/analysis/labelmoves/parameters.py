"""The parameters of a split: a selection, and the region and the period before beside it."""

from dataclasses import dataclass, replace

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.analysis.labelmoves.figures import UNITS
from apps.analysis.labelmoves.split import days_before
from apps.common.errors import ParameterError
from apps.common.periods import Period
from apps.common.regions import encode
from apps.observations import params
from apps.observations.figures import Selection, Unit
from apps.observations.planning import fixedpanels
from apps.reference.names import is_region

NAMES = frozenset({"region", "before_from", "before_to", "unit", "limit"})
DEFAULT_UNIT = UNITS[1]


@dataclass(frozen=True)
class Question:
    """What the split is about, as its parameters say."""

    selection: Selection
    before: Period
    region: str
    unit: Unit
    limit: int


def question_from(query: params.Parameters, user: User | AnonymousUser, *, others: frozenset[str] = frozenset()) -> Question:
    """ParameterError names what is wrong. Without a period before it is the one of as many days just before."""
    selection = params.selection_from(query, user, others=NAMES | others)
    if selection.regions:
        raise ParameterError("regions", _("is not used here; write region for the one region"))
    if selection.origin:
        raise ParameterError("origin", _("is not used here; write region for the one region"))
    before = period_before(query, user, selection)
    if selection.fixed_panel:  # both periods are counted at the same sensors
        selection = replace(selection, scope=fixedpanels.narrowed(selection.scope, [selection.period, before]))
    return Question(
        selection=selection,
        before=before,
        region=_region(params.text_from(query, "region")),
        unit=params.unit_from(query, DEFAULT_UNIT),
        limit=params.limit_from(query, 100),
    )


def _region(text: str) -> str:
    code = text.upper()
    try:
        encode(code)
    except ValueError as error:
        raise ParameterError("region", _("must be the two letters of a region, such as NL")) from error
    if not is_region(code):
        raise ParameterError("region", _("%(text)r is not a region that a registry uses") % {"text": text})
    return code


def period_before(query: params.Parameters, user: User | AnonymousUser, selection: Selection) -> Period:
    """What the selection's period is split against; ParameterError where one of its ends is missing or wrong."""
    given = {name: params.text_from(query, f"before_{name}") for name in ("from", "to")}
    if not any(given.values()):
        return days_before(selection.period)
    if not all(given.values()):
        missing = "before_from" if not given["from"] else "before_to"
        raise ParameterError(missing, _("is needed where the other end of the period before is given"))
    try:
        return params.selection_from(given | {"zone": selection.period.zone.key}, user).period
    except ParameterError as error:
        raise ParameterError(f"before_{error.name}", error.fields[error.name]) from error
