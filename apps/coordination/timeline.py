"""The timeline in words: one sentence for each kind of entry, in the active language."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.coordination import behaviours
from apps.coordination.models import HostState, IncidentState, InvestigationState, TimelineEntry

_Kind = TimelineEntry.Kind


def words(entry: TimelineEntry) -> str:
    """What happened, without who and why, which stand beside it."""
    say = _WORDS.get(_Kind(entry.kind))
    return say(entry.data) if say else str(_Kind(entry.kind).label)


def _state(data: Mapping[str, Any]) -> str:
    return _("state: %(before)s → %(after)s") % _labels(data, InvestigationState)


def _host_state(data: Mapping[str, Any]) -> str:
    return f"{data['address']}: {_('%(before)s → %(after)s') % _labels(data, HostState)}"


def _incident_state(data: Mapping[str, Any]) -> str:
    return _("incident: %(before)s → %(after)s") % _labels(data, IncidentState)


def _labels(data: Mapping[str, Any], states: type) -> dict[str, str]:
    return {name: str(states(data[name]).label) for name in ("before", "after")}


def _opened(data: Mapping[str, Any]) -> str:
    return _("ticket opened for the incident %(incident)s") % {"incident": behaviours.label(data["incident"])}


def _host_added(data: Mapping[str, Any]) -> str:
    return _("host added: %(address)s") % data


def _host_moved(data: Mapping[str, Any]) -> str:
    text = (
        _("hosts moved to #%(number)s: %(addresses)s")
        if data["direction"] == "out"
        else _("hosts moved here from #%(number)s: %(addresses)s")
    )
    return text % {"number": data["counterpart"], "addresses": ", ".join(data["addresses"])}


def _lookup(data: Mapping[str, Any]) -> str:
    return _("contact look-up requested: %(address)s") % data


def _contact(data: Mapping[str, Any]) -> str:
    return _("contact chosen: %(email)s (%(source)s)") % {"email": data["email"], "source": data["source"]}


def _draft(data: Mapping[str, Any]) -> str:
    return _("draft written, observation log of %(rows)d rows frozen") % data


def _override(data: Mapping[str, Any]) -> str:
    return _("objection overridden: %(finding)s") % data


def _confirmed(data: Mapping[str, Any]) -> str:
    return _("preview confirmed (SHA-256 %(sha256)s…)") % {"sha256": data["sha256"][:12]}


def _approved(data: Mapping[str, Any]) -> str:
    return _("preview approved (SHA-256 %(sha256)s…)") % {"sha256": data["sha256"][:12]}


def _answer(text: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda data: f"{_(text)}: {data['answer']}"


def _settled(data: Mapping[str, Any]) -> str:
    return _("found out: the mail was sent") if data["went"] else _("found out: the mail was not sent")


def _plan(data: Mapping[str, Any]) -> str:
    return _("in charge: %(assignee)s, wake-up date: %(wake_on)s") % {name: data[name] or "–" for name in ("assignee", "wake_on")}


_WORDS: dict[TimelineEntry.Kind, Callable[[Mapping[str, Any]], str]] = {
    _Kind.OPENED: _opened,
    _Kind.HOST_ADDED: _host_added,
    _Kind.HOST_MOVED: _host_moved,
    _Kind.STATE: _state,
    _Kind.HOST_STATE: _host_state,
    _Kind.INCIDENT_STATE: _incident_state,
    _Kind.LOOKUP: _lookup,
    _Kind.CONTACT: _contact,
    _Kind.DRAFT: _draft,
    _Kind.APPROVED: _approved,
    _Kind.CONFIRMED: _confirmed,
    _Kind.OVERRIDE: _override,
    _Kind.MAIL_SENT: _answer("mail sent"),
    _Kind.MAIL_DELAYED: _answer("mail delayed"),
    _Kind.MAIL_FAILED: _answer("mail failed"),
    _Kind.MAIL_UNCERTAIN: _answer("delivery uncertain"),
    _Kind.MAIL_SETTLED: _settled,
    _Kind.PLAN: _plan,
}
