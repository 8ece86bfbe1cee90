"""Behaviours: the key of an incident, such as `tcp/23,tcp/2323+2 mirai`, and how people read and look for it."""

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.common.ports import PortKey
from apps.reference.names import port_label

MAX_PORTS = 4
_ANY_PORT, _MIRAI = "any port", "mirai"
_WRITTEN_PORT = re.compile(r"(?P<number>\d+)/(?P<protocol>[a-z]\w*)(\s*\([^)]*\))?", re.IGNORECASE)


def key_of(ports: Sequence[PortKey], *, is_mirai: bool) -> str:
    """Ports in order, the first of them by name."""
    names = [str(port) for port in sorted(ports)]
    what = ",".join(names[:MAX_PORTS]) + (f"+{len(names) - MAX_PORTS}" if len(names) > MAX_PORTS else "")
    return " ".join(filter(None, (what or _ANY_PORT, _MIRAI if is_mirai else "")))


def label(key: str) -> str:
    """23/TCP (telnet), 2323/TCP, 2 more ports, Mirai-type packets; a key that is none stays as it is. In the active language."""
    what = key.removesuffix(f" {_MIRAI}")
    names, _plus, more = what.partition("+")
    try:
        parts = [_("any port")] if what == _ANY_PORT else [port_label(PortKey.parse(name)) for name in names.split(",")]
    except ValueError:
        return key
    if more:
        parts.append(ngettext("%(count)d more port", "%(count)d more ports", int(more)) % {"count": int(more)})
    return _(", ").join([*parts, *([_("Mirai-type packets")] if what != key else [])])


def as_in_keys(text: str) -> str:
    """A text to look for, in which ports stand as pages write them, as keys have them: 23/TCP (telnet) → tcp/23."""
    return _WRITTEN_PORT.sub(lambda found: f"{found['protocol'].lower()}/{found['number']}", text)
