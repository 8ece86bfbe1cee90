"""Scenes for tickets: flows on record, look-ups that have answers, and tickets at any point of their way."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.common.periods import Period
from apps.common.ports import PortKey
from apps.coordination.models import Investigation
from apps.coordination.services import contacts, mail, tickets
from apps.enrichment.queries import AbuseContact
from apps.observations.models import Signature
from apps.observations.storage import partitions
from apps.sensors.models import Sensor

SOURCE = "198.51.100.7"
CONTACT = "abuse@isp.invalid"
TELNET = PortKey(6, 23)


@dataclass(frozen=True)
class FakeContact(AbuseContact):
    email: str = CONTACT
    role: str = "abuse"
    level: int = 0
    source: str = "RDAP APNIC"
    fetched_at: datetime = field(default_factory=timezone.now)
    is_registry_mailbox: bool = False


@dataclass(frozen=True)
class FakeInfo:
    """The answer of a look-up, in the shape of enrichment's AddressInfo."""

    contacts: tuple[FakeContact, ...] = (FakeContact(),)
    holder: str = "Sample Internet"
    state: str = "done"
    fetched_at: datetime | None = field(default_factory=timezone.now)
    is_exact_lookup: bool = True
    next_try_at: datetime | None = None
    error: str = ""
    network: object = None
    country: str = ""
    asn: int | None = None

    @property
    def is_under_way(self) -> bool:
        return self.state in ("queued", "running")


NO_INFO = FakeInfo(contacts=(), holder="", state="none", fetched_at=None, is_exact_lookup=False)


class Registry:
    """Stands in for enrichment: which address has which answer, and which look-ups were asked for."""

    def __init__(self, monkeypatch) -> None:
        self.answers: dict[str, FakeInfo] = {}
        self.default = NO_INFO
        self.asked: list[str] = []
        monkeypatch.setattr("apps.coordination.lookups.info_of", lambda address: self.answers.get(address, self.default))
        # Scenes take place on documentation addresses, which no registry calls public.
        monkeypatch.setattr("apps.coordination.lookups.is_bogon", lambda address: address.startswith("10."))
        monkeypatch.setattr("apps.coordination.lookups.request", self._ask)

    def _ask(self, address: str, **_: object) -> bool:
        self.asked.append(address)
        return True


def add_flow(
    sensor: Sensor, at: datetime, *, source: str = SOURCE, port: PortKey = TELNET, packets: int = 1,
    signature: Signature = Signature.NONE, source_port: int = 40000,
) -> None:  # fmt: skip
    """One flow on record, its packets spread over 20 seconds from `at`."""
    partitions.ensure([at.astimezone(UTC).date()])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO observations_flow (sensor_id, bucket, src, protocol, port, signature, packets, bytes, first_seen, first_src_port,"
            " last_seen, last_src_port, batch_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [sensor.pk, at.replace(second=0, microsecond=0), source, port.protocol, port.port, int(signature), packets, packets * 40,
             at, source_port, at + timedelta(seconds=20), source_port + 1, 1],
        )  # fmt: skip


def recently(hours: float) -> datetime:
    return (timezone.now() - timedelta(hours=hours)).replace(microsecond=0)


def last_days(days: int = 7) -> Period:
    from django.conf import settings

    now = timezone.now()
    return Period(now - timedelta(days=days), now + timedelta(minutes=5), settings.REPORT_TIME_ZONE)


def busy_source(sensors: list[Sensor], *, source: str = SOURCE, signature: Signature = Signature.NONE) -> None:
    """A source that passes the gate: two packets at each sensor, an hour apart, yesterday."""
    for number, sensor in enumerate(sensors):
        add_flow(sensor, recently(24 - number), source=source, packets=2, signature=signature, source_port=40000 + number)


def open_ticket(by: User, *, source: str = SOURCE, language: str = "en", ports=(TELNET,)) -> Investigation:
    return tickets.open_from_source(by=by, source=source, ports=ports, period=last_days(), language=language)


def with_contact(investigation: Investigation, by: User, email: str = CONTACT) -> Investigation:
    return contacts.choose(investigation=investigation, by=by, email=email)


def previewed(investigation: Investigation, by: User):
    mail.write_draft(investigation=investigation, by=by)
    return mail.prepare(investigation=investigation, by=by)


def queued(investigation: Investigation, by: User):
    """A mail in the outbox, nothing overridden."""
    draft = previewed(investigation, by)
    return mail.confirm_and_send(investigation=investigation, by=by, sha256=draft.prepared_sha256, overrides={})
