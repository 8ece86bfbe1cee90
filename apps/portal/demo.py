"""Who and what the demo consists of: invented organisations and users, the real sensors of the sample, their keys."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.models import Organisation, Role, User
from apps.observations import sample
from apps.sensors import services as sensors
from apps.sensors.models import Sensor
from tsubame_portal import parts

OWN, PARTNER_A, PARTNER_B = "Sample CSIRT", "Partner CSIRT A", "Partner CSIRT B"
FIRST_DAY, DAY_AFTER = date(2013, 3, 3), date(2013, 8, 2)  # of the sample
LOOKED_UP = "tcp/445,tcp/22,tcp/3389"


@dataclass(frozen=True)
class DemoUser:
    """A user named for what it may do; no person is invented."""

    name: str
    organisation: str
    roles: tuple[Role, ...]
    shows: str


USERS = (
    DemoUser("analyst", OWN, (Role.ANALYST,), "trends, sources, exports"),
    DemoUser("coordinator", OWN, (Role.ANALYST, Role.COORDINATOR), "the same, and tickets"),
    DemoUser("approver", OWN, (Role.ANALYST, Role.COORDINATOR, Role.APPROVER), "the same, and approval of mail"),
    DemoUser("auditor", OWN, (Role.AUDITOR,), "everything, and changes nothing"),
    DemoUser("admin", OWN, (Role.ADMIN, Role.ANALYST), "accounts and sensors"),
    DemoUser("partner-a", PARTNER_A, (Role.PARTNER,), "its own sensor and its sources, and sums over all sensors"),
    DemoUser("partner-b", PARTNER_B, (Role.PARTNER,), "its own sensor and its sources, no sums over all sensors"),
)
# The nine sensors of the sample by their real names: country, owner. All but the one in Tokyo are overseas.
SENSORS = {
    "groucho-tokyo": ("JP", OWN),
    "groucho-eu": ("IE", OWN),
    "groucho-norcal": ("US", OWN),
    "groucho-oregon": ("US", OWN),
    "groucho-sa": ("BR", OWN),
    "groucho-singapore": ("SG", PARTNER_A),
    "groucho-sydney": ("AU", OWN),
    "groucho-us-east": ("US", OWN),
    "zeppo-norcal": ("US", PARTNER_B),
}


def folder() -> Path:
    return settings.VAR_DIR / "demo"


def password() -> str:
    """The one password of all demo users, made once for this data folder."""
    path = folder() / "password"
    if not path.exists():
        _keep(path, f"swallow-{secrets.token_hex(4)}\n")
    return path.read_text().strip()


def key_file() -> Path:
    """A line 'name key' for each sensor."""
    return folder() / "sensor-keys"


def import_command(url: str) -> list[str]:
    """Sends the shipped sample to the ingest API, each sensor's packets with that sensor's key."""
    return parts.manage("import_observations", "--format", "marx", str(sample.LOG), "--url", url, "--key-file", str(key_file()))


def look_up_command() -> list[str]:
    """Asks the stand-ins about Japan's sources of three ports, so that administrators and host profiles are there to be seen."""
    period = ("--from", FIRST_DAY.isoformat(), "--to", DAY_AFTER.isoformat())
    return parts.manage("look_up_sources", "--ports", LOOKED_UP, "--regions", "JP", *period, "--providers", "registry,shodan")


@transaction.atomic
def populate() -> None:
    """Add what is missing of organisations, users, sensors and keys."""
    organisations = {organisation.name: organisation for organisation in _organisations()}
    for user in USERS:
        if not User.objects.filter(username=user.name).exists():
            accounts.add_user(
                username=user.name, password=password(), organisation=organisations[user.organisation], roles=user.roles, language="en"
            )
    for name, (country, owner) in SENSORS.items():
        _enrol(name, country, organisations[owner])


def _organisations() -> Iterator[Organisation]:
    wanted: tuple[tuple[str, str, list[str], bool], ...] = (
        (OWN, Organisation.Kind.OWN_CSIRT, [], True),
        (PARTNER_A, Organisation.Kind.PARTNER_CSIRT, ["SG"], True),
        (PARTNER_B, Organisation.Kind.PARTNER_CSIRT, ["US"], False),
    )
    for name, kind, regions, sees_network in wanted:
        existing = Organisation.objects.filter(name=name).first()
        yield existing or accounts.add_organisation(name=name, kind=kind, regions=regions, sees_network_counts=sees_network)


def _enrol(name: str, country: str, owner: Organisation) -> None:
    sensor = Sensor.objects.filter(name=name).first()
    if sensor is None:
        sensor = sensors.enrol_sensor(
            name=name, organisation=owner, country=country, is_overseas=country != "JP",
            line_type=Sensor.LineType.HOSTING, active_from=FIRST_DAY,
        )  # fmt: skip
    kept = key_file().read_text() if key_file().exists() else ""
    if not any(line.startswith(f"{name} ") for line in kept.splitlines()):
        _keep(key_file(), kept + f"{name} {sensors.add_key(sensor=sensor, name='demo import', may_import=True)[1]}\n")


def _keep(path: Path, secret: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(secret)
