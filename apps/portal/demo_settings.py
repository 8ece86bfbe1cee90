"""The settings that make an installation a demo, written to its settings.env so that every command there knows them.

A demo mails to its own mail server only and asks its own registries and its own scanning service only, whoever starts which command.
"""

import os
import sys

from django.conf import settings
from django.db import connection

from apps.accounts.models import User
from apps.enrichment.hosts import standin as host_standin
from tsubame_portal import embedded, parts
from tsubame_portal.env import settings_file

SETTLED = "TSUBAME_DEMO_SETTLED"


def settle() -> None:
    """Return in a process whose settings are the demo's; where they are not, write them and begin this program anew."""
    if settings.DEMO and settings.SHODAN_API_KEY == host_standin.KEY and _has_ports():
        return
    if SETTLED in os.environ:
        raise parts.NotReadyError(f"One of {', '.join(_chosen())} in the environment keeps the demo from choosing its own; unset them.")
    if not settings.DEMO and _holds_own_data():
        raise parts.NotReadyError(f"{settings.VAR_DIR} holds data of your own; set TSUBAME_VAR to another folder for the demo.")
    _write()
    os.environ[SETTLED] = "1"
    os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606  # ourselves, with our own arguments


def rdap_port() -> int:
    return int(settings.RDAP_HOST_OVERRIDE.rpartition(":")[2] or 0)


def whois_port() -> int:
    return int(settings.WHOIS_HOST_OVERRIDE.rpartition(":")[2] or 0)


def shodan_port() -> int:
    return int(settings.SHODAN_HOST_OVERRIDE.rpartition(":")[2] or 0)


def _has_ports() -> bool:
    """An override that an older demo did not have is none."""
    return all(port and parts.is_free(port) for port in (settings.SMTP_PORT, rdap_port(), whois_port(), shodan_port()))


def _holds_own_data() -> bool:
    return User._meta.db_table in connection.introspection.table_names() and User.objects.exists()


def _write() -> None:
    path, chosen = settings_file(), _chosen()
    kept = [line for line in path.read_text().splitlines() if line.partition("=")[0] not in chosen] if path.exists() else []
    path.touch(mode=0o600)
    path.write_text("\n".join([*kept, *(f"{name}={value}" for name, value in chosen.items())]) + "\n")


def _chosen() -> dict[str, str]:
    registries = f"{parts.HOST}:{embedded.free_port()}"
    return {
        "DEMO": "true",
        "SMTP_HOST": parts.HOST,
        "SMTP_PORT": str(embedded.free_port()),
        "RDAP_HOST_OVERRIDE": registries,
        "NIR_HOST_OVERRIDE": registries,
        "WHOIS_HOST_OVERRIDE": f"{parts.HOST}:{embedded.free_port()}",
        "SHODAN_API_KEY": host_standin.KEY,
        "SHODAN_HOST_OVERRIDE": f"{parts.HOST}:{embedded.free_port()}",
        "RDAP_QUERIES_PER_MINUTE": "1200",  # the stand-ins have no limits
        "SHODAN_QUERIES_PER_MINUTE": "1200",
    }
