"""Reading a cohort from JSON. Every problem is a ParameterError that names the place, such as `and[1].ports`."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.analysis.cohorts.expressions import Atom, Group, Match, Node, Operator, Question
from apps.common.errors import ParameterError
from apps.common.periods import Period
from apps.observations import params
from apps.observations.figures import Selection
from apps.observations.planning.sourcelists import require_addresses
from apps.sensors.queries import scope_for
from apps.sensors.scopes import SensorScope

BASE_NAMES = ("from", "to", "period", "zone", "sensors", "fixed")
BODY_NAMES = frozenset({"expression", "match", "limit", "cursor", *BASE_NAMES})
TIME_NAMES = ("from", "to", "period")
FILTER_NAMES = ("ports", "groups", "regions", "origin", "signatures", "scanners")
ATOM_NAMES = frozenset({*TIME_NAMES, *FILTER_NAMES, "sensors", "min_sensors"})
MAX_ATOMS = 20
MAX_DEPTH = 5
MAX_SPAN = timedelta(days=367)
MAX_MIN_SENSORS = 1000
TOP = "expression"  # the name of a problem that has no deeper place

Json = Any


def question_from(body: Json, user: User | AnonymousUser, scope: SensorScope | None = None) -> Question:
    """The cohort that a request asks for, for this user. `scope` is the one of `sensors` where the caller knows it already."""
    if not isinstance(body, Mapping):
        raise ParameterError(TOP, _("send a JSON object with the key expression"))
    for name in body:
        if name not in BODY_NAMES:
            raise _unknown(str(name), BODY_NAMES)
    base = params.selection_from({name: _text(name, body[name]) for name in BASE_NAMES if name in body}, user, scope=scope)
    require_addresses(base.scope)
    match = params.choice_from({"match": _text("match", body.get("match", ""))}, "match", tuple(Match), Match.SAME_DAY)
    return Question(_Reader(user, base).expression(body.get("expression")), match, base)


class _Reader:
    """Reads one expression; counts its conditions, and asks for each set of sensors once."""

    def __init__(self, user: User | AnonymousUser, base: Selection) -> None:
        self.user, self.base, self.atoms = user, base, 0
        self.scopes: dict[str, SensorScope] = {}

    def expression(self, written: Json) -> Node:
        node, is_not = self._node(written, "", 1)
        if is_not:
            raise ParameterError("not", _("stands in a list of and only"))
        return node

    def _node(self, written: Json, path: str, depth: int) -> tuple[Node, bool]:
        """The node, and whether it is to be left out."""
        if not isinstance(written, Mapping):
            raise ParameterError(path or TOP, _('must be a condition such as {"ports": "tcp/23"} or a list under and or or'))
        if depth > MAX_DEPTH:
            raise ParameterError(path, _("nested deeper than %(max)d levels") % {"max": MAX_DEPTH})
        operators = [name for name in ("and", "or", "not") if name in written]
        if operators and len(written) > 1:
            raise ParameterError(path or TOP, _("and, or and not stand alone, without other keys beside them"))
        if not operators:
            return self._atom(written, path), False
        if operators == ["not"]:
            return self._negated(written["not"], _join(path, "not"), depth), True
        return self._group(Operator(operators[0]), written[operators[0]], _join(path, operators[0]), depth), False

    def _negated(self, written: Json, path: str, depth: int) -> Node:
        node, is_not = self._node(written, path, depth + 1)
        if is_not:
            raise ParameterError(path, _("not of not; leave both out"))
        return node

    def _group(self, operator: Operator, written: Json, path: str, depth: int) -> Group:
        if not isinstance(written, list) or not written:
            raise ParameterError(path, _("must be a list with at least one condition"))
        if len(written) > MAX_ATOMS:
            raise _too_many(path)
        read = [(f"{path}[{n}]", *self._node(one, f"{path}[{n}]", depth + 1)) for n, one in enumerate(written)]
        for place, _one, is_not in read:
            if is_not and operator is Operator.OR:
                raise ParameterError(f"{place}.not", _("stands in a list of and only"))
        return Group(
            operator, tuple(one for _place, one, is_not in read if not is_not), tuple(one for _place, one, is_not in read if is_not)
        )

    def _atom(self, written: Mapping[str, Json], path: str) -> Atom:
        self.atoms += 1
        if self.atoms > MAX_ATOMS:
            raise _too_many(path)
        for name in written:
            if name not in ATOM_NAMES:
                raise _unknown(_join(path, str(name)), ATOM_NAMES)
        try:
            selection = self._selection({name: _text(name, value) for name, value in written.items() if name != "min_sensors"})
            return Atom(path, selection, _min_sensors(written.get("min_sensors", 1)))
        except ParameterError as error:
            raise ParameterError(_join(path, error.name), error.fields[error.name]) from error

    def _selection(self, query: dict[str, str]) -> Selection:
        if not any(query.get(name) for name in TIME_NAMES):
            query |= {"from": self.base.period.start.isoformat(), "to": self.base.period.end.isoformat()}
        query["zone"] = self.base.period.zone.key
        selection = params.selection_from(query, self.user, scope=self._scope(query.get("sensors", "")))
        _require_short(selection.period)
        return selection

    def _scope(self, chosen: str) -> SensorScope:
        if not chosen.strip():
            return self.base.scope
        if chosen not in self.scopes:
            self.scopes[chosen] = scope_for(self.user, chosen)
            require_addresses(self.scopes[chosen])
        if not set(self.scopes[chosen].sensor_ids) <= set(self.base.scope.sensor_ids):
            raise ParameterError("sensors", _("holds sensors that are not among those of the cohort"))
        return self.scopes[chosen]


def _text(name: str, value: Json) -> str:
    """A value or a list of values as the parameters of pages write them."""
    values = value if isinstance(value, list) else [value]
    if len(values) > params.MAX_VALUES:
        raise ParameterError(name, _("more than %(max)d values") % {"max": params.MAX_VALUES})
    if any(isinstance(one, bool) or not isinstance(one, str | int) for one in values):
        raise ParameterError(name, _("must be text, a number or a list of these"))
    return ",".join(map(str, values))


def _min_sensors(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_MIN_SENSORS:
        raise ParameterError("min_sensors", _("must be a number from 1 to %(max)d") % {"max": MAX_MIN_SENSORS})
    return value


def _require_short(period: Period) -> None:
    if period.end - period.start > MAX_SPAN:
        raise ParameterError("from", _("longer than %(max)d days") % {"max": MAX_SPAN.days})


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _unknown(path: str, known: frozenset[str]) -> ParameterError:
    name = "".join(letter if letter.isprintable() else "?" for letter in path[:100])
    return ParameterError(name, _("unknown parameter; known are %(known)s") % {"known": ", ".join(sorted(known))})


def _too_many(path: str) -> ParameterError:
    return ParameterError(path, _("more than %(max)d conditions") % {"max": MAX_ATOMS})
