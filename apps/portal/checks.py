"""Checks of settings that are dangerous together; `manage.py check --deploy` runs all of them."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from tsubame_portal.env import env_secret

LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]", "::1", "testserver"}


@register(Tags.security)
def exposed_debugging(**_kwargs: Any) -> list[CheckMessage]:
    """DEBUG shows settings and source text to everybody who reaches a page that fails."""
    if settings.DEBUG and _is_public():
        return [Error("DEBUG is on while others can reach the portal.", hint="Set DEBUG=false.", id="portal.E001")]
    return []


@register(Tags.security)
def exposed_demo(**_kwargs: Any) -> list[CheckMessage]:
    if settings.DEMO and _is_public():
        return [
            Error(
                "A demo is open to others, and its users share one password.",
                hint="Unset BEHIND_TLS and ALLOWED_HOSTS, or use a data folder without the demo.",
                id="portal.E002",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def production(**_kwargs: Any) -> list[CheckMessage]:
    return list(_production_problems())


def _production_problems() -> Iterator[CheckMessage]:
    if not env_secret("SECRET_KEY"):
        hint = "Set SECRET_KEY or SECRET_KEY_FILE."
        yield Warning("SECRET_KEY is not set, so the one kept in the data folder serves.", hint=hint, id="portal.W001")
    if not settings.BEHIND_TLS:
        hint = "Serve through a TLS proxy and set BEHIND_TLS=true."
        yield Warning("BEHIND_TLS is off: passwords and keys may travel unencrypted.", hint=hint, id="portal.W002")
    if "*" in settings.ALLOWED_HOSTS:
        yield Error("ALLOWED_HOSTS allows every name.", hint="List the names by which the portal is reached.", id="portal.E003")
    if settings.DEMO:
        yield Error("This is a demo.", hint="Use a data folder or database of your own.", id="portal.E004")


def _is_public() -> bool:
    return settings.BEHIND_TLS or not set(settings.ALLOWED_HOSTS) <= LOCAL_HOSTS
