"""Settings of mail that would hurt: found when the portal starts, not when the first mail is due."""

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from apps.coordination import drafting
from apps.coordination.smtp import is_loopback

_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,29}")


@register(Tags.security)
def demo_stays_at_home(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEMO and not is_loopback(settings.SMTP_HOST):
        hint = "Set SMTP_HOST to 127.0.0.1 or leave DEMO unset; a demo never writes to real people."
        return [Error(f"DEMO is on and SMTP_HOST is {settings.SMTP_HOST}.", hint=hint, id="coordination.E001")]
    return []


@register(Tags.compatibility)
def mail_can_be_spoken(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.SMTP_TLS not in ("none", "starttls", "tls"):
        found.append(Error(f"SMTP_TLS is {settings.SMTP_TLS!r}.", hint="Use none, starttls or tls.", id="coordination.E002"))
    if settings.CSIRT_PREFIX and not _PREFIX.fullmatch(settings.CSIRT_PREFIX):
        hint = "It stands in every subject: letters, digits, blanks, dots and hyphens, at most 30."
        found.append(Error(f"CSIRT_PREFIX is {settings.CSIRT_PREFIX!r}.", hint=hint, id="coordination.E003"))
    if settings.SMTP_USER and settings.SMTP_TLS == "none" and not is_loopback(settings.SMTP_HOST):
        hint = "Set SMTP_TLS to starttls or tls."
        found.append(Error("SMTP_PASSWORD would cross the network in the clear.", hint=hint, id="coordination.E004"))
    return found


@register(Tags.security, deploy=True)
def names_are_set(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """For `check --deploy`. Without these names no mail can be drafted, whatever the checks say."""
    if settings.DEBUG or settings.DEMO:
        return []
    hint = "It is the name under which your organisation writes to others; mail is refused without it."
    names = [name for name in drafting.NAMES if not getattr(settings, name)]
    if settings.MAIL_FROM.endswith(".invalid"):
        names.append("MAIL_FROM")
    return [Error(f"{name} is not set.", hint=hint, id="coordination.E005") for name in names]
