"""A fixed panel: the sensors that watched throughout, so that a curve cannot rise because a sensor was added or lost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from numpy.typing import NDArray

from apps.common.errors import ParameterError
from apps.common.periods import Period, local_day
from apps.observations.planning.together import together
from apps.observations.planning.watch import SensorDays, sensor_days
from apps.sensors.scopes import SensorScope

_TOLD = 3  # numbers of days in a refusal


def narrowed(scope: SensorScope, periods: Sequence[Period]) -> SensorScope:
    """The scope with only the sensors that are covered (decision 052) on every day of all periods. A day that is not over
    yet asks nothing of a sensor. ParameterError where no sensor is left, or where leaving some out would tell a reader of
    sums something about single ones."""
    if scope.is_aggregate_only:
        raise ParameterError("fixed", _("sums of the whole network are not narrowed to single sensors; choose your own sensors"))
    found = together(*(partial(sensor_days, scope.sensor_ids, period) for period in periods))
    covered = np.sum([_covered_days(days, scope.sensor_ids) for days in found], axis=0)
    needed = sum(len(np.unique(days.day[_is_over(days)])) for days in found)
    kept = tuple(np.array(scope.sensor_ids)[covered == needed].tolist())
    if not kept or not needed:
        raise ParameterError("fixed", _nobody(covered, needed))
    return replace(scope, sensor_ids=kept, panels=scope.panels if kept == scope.sensor_ids else ())


def _covered_days(days: SensorDays, sensors: tuple[int, ...]) -> NDArray[np.int64]:
    """How many days that are over each sensor is covered on; `sensors` ascend."""
    kept = days.is_covered & _is_over(days)
    return np.bincount(np.searchsorted(np.array(sensors, np.int64), days.sensor[kept]), minlength=len(sensors))


def _is_over(days: SensorDays) -> NDArray[np.bool_]:
    today = local_day(datetime.now(UTC), settings.REPORT_TIME_ZONE)
    return days.day < np.datetime64(today)


def _nobody(covered: NDArray[np.int64], needed: int) -> str:
    """How near the nearest came, in numbers: which sensors they are is not for everybody."""
    best = sorted(Counter(covered.tolist()).items(), reverse=True)[:_TOLD]
    told = [ngettext("%(count)d sensor on %(days)d", "%(count)d sensors on %(days)d", n) % {"count": n, "days": days} for days, n in best]
    problem = _("no sensor was covered on all %(days)d days; covered were %(sensors)s")
    return problem % {"days": needed, "sensors": _(", ").join(told) or "–"}
