"""Sources by reporting day, with a limit to how many are held at once."""

from django.conf import settings
from django.utils.translation import gettext as _

from apps.common.errors import ParameterError
from apps.common.periods import Bin, Period, bins, local_day
from apps.observations.figures import Selection
from apps.observations.planning import keysets, planner
from apps.observations.planning.asks import Ask
from apps.observations.planning.reading import reading
from apps.observations.planning.spans import edges
from apps.observations.storage.sourcesets import Keys

MAX_KEYS = 20_000_000  # about a gigabyte while they are read

Days = dict[int, Keys]


def by_day(selection: Selection) -> tuple[list[int], Ask]:
    """The ordinal of each reporting day that the selection's period touches, and the ask with these days as bins."""
    period = Period(selection.period.start, selection.period.end, settings.REPORT_TIME_ZONE)
    spans = tuple(edges(period, bins(period, Bin.DAY)))
    return [local_day(start, period.zone).toordinal() for start, _end in spans], Ask(selection, spans=spans)


def days_of(selection: Selection) -> Days:
    """The sources of each reporting day, by the day's ordinal; distinct and ascending. ParameterError on `from` where
    they are more than MAX_KEYS together."""
    numbers, ask = by_day(selection)
    with reading():
        if planner.set_sizes(ask) > MAX_KEYS:
            raise too_many("from")
        return {numbers[number]: keys for (_key, number), keys in keysets.source_keys(ask).items()}


def too_many(name: str) -> ParameterError:
    return ParameterError(name, _("more than %(max)d sources to compare; shorten the period") % {"max": MAX_KEYS})
