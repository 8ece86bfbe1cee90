"""The words of a mail: template files filled with what was observed. One file per language, kind and part."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from apps.common.errors import DomainError
from apps.common.periods import local_day
from apps.common.ports import TCP, UDP, PortKey
from apps.coordination import numbers, observation_log, wrapping
from apps.coordination.models import Certainty, Contact, Investigation, Language, MailKind, Tlp
from apps.coordination.observation_log import JST, CsvFile, Line
from apps.observations.models import Signature
from apps.reference.names import port_label

NAMES = ("CSIRT_PREFIX", "CSIRT_NAME_JA", "CSIRT_NAME_EN")  # settings without which a mail would be nobody's
REPLY_WITHIN_WORKING_DAYS = 10
_WEEKDAYS = {"ja": "月火水木金土日", "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")}
_REMOTE_LOGIN = {22, 23, 2222, 2323, 3389, 5900}
_MARKING = re.compile(r"TLP:[A-Z]+(?:\+[A-Z]+)?")
_FILE_SHARING = {135, 139, 445}


@dataclass(frozen=True)
class HostLines:
    """What the mail says of one address. Times are in the zone of the mail's language; `ports` are as printed."""

    address: str
    packets: int
    sensors: int
    first_seen: str
    last_seen: str
    ports: str


@dataclass(frozen=True)
class Words:
    subject: str
    body: str


def render(
    investigation: Investigation,
    kind: MailKind,
    *,
    lines: Sequence[Line],
    sensors: dict[str, int],
    log: CsvFile,
    file_name: str,
    today: date,
) -> Words:
    """Subject and text of a mail; `sensors` tells by address how many sensors saw it. Needs a contact."""
    language = investigation.language
    name = f"coordination/mail/{kind.replace('_', '-')}"
    with translation.override(language):
        context = _context(investigation, lines, sensors, log, file_name, today)
        subject = " ".join(render_to_string(f"{name}-subject.{language}.txt", context).split())
        body = render_to_string(f"{name}-body.{language}.txt", context)
    return Words(subject, wrapping.wrap(body.strip()) + "\n")


def _context(
    investigation: Investigation, lines: Sequence[Line], sensors: dict[str, int], log: CsvFile, file_name: str, today: date
) -> dict[str, object]:
    language = investigation.language
    zone = JST if language == Language.JA else None
    hosts = [_host(address, lines, sensors.get(address, 0), language) for address in dict.fromkeys(line.row.source for line in lines)]
    ports = sorted({PortKey(line.row.protocol, line.row.port) for line in lines})
    times = [line.row.at for line in lines]
    return {
        "number": investigation.number,
        "tag": numbers.tag(investigation.number),
        "tlp": investigation.tlp,
        "tlp_allows": tlp_meaning(investigation.tlp, language),
        "us": own_name(language),
        "contact": investigation.contact or Contact(),
        "contact_registry": _registry(investigation.contact_source, language),
        "contact_object": investigation.contact_lookup_address or "",
        "contact_is_manual": investigation.contact_source == "manual",
        "contact_date": _contact_date(investigation),
        "asns": sorted({asn for line in lines for asn in line.asn.split("_") if asn}, key=int),
        "hosts": hosts,
        "host_count": len(hosts),
        "packets": sum(line.row.packets for line in lines),
        "ports": [_port(port, language) for port in ports[:5]],
        "has_port": ports[0].protocol in (TCP, UDP),  # nobody sends "to" Ping
        "more_ports": max(0, len(ports) - 5),
        "first": _moment(min(times), zone),
        "last": _moment(max(times), zone),
        "is_pattern": investigation.incident.certainty != Certainty.OBSERVED,
        "is_mirai": any(line.row.signature == Signature.MIRAI for line in lines),
        "asks_for_passwords": any(port.port in _REMOTE_LOGIN for port in ports),
        "asks_for_shares": any(port.port in _FILE_SHARING for port in ports),
        "rows": "\n".join(observation_log.text_rows(lines, zone)),
        "rows_in_text": min(len(lines), observation_log.ROWS_IN_TEXT),
        "log": log,
        "file_name": file_name,
        "columns": ", ".join(observation_log.COLUMNS),
        "reply_by": _date(working_day_after(today, REPLY_WITHIN_WORKING_DAYS), language, weekday=True),
        "reply_within": REPLY_WITHIN_WORKING_DAYS,
    }


def own_name(language: str) -> dict[str, str]:
    """Who we are, in the mail's language, from the settings."""
    suffix = language.upper()
    return {
        "name": getattr(settings, f"CSIRT_NAME_{suffix}"), "about": getattr(settings, f"CSIRT_ABOUT_{suffix}"),
        "address": getattr(settings, f"CSIRT_ADDRESS_{suffix}"), "phone": settings.CSIRT_PHONE, "web": settings.CSIRT_WEB,
        "email": settings.MAIL_FROM,
    }  # fmt: skip


def tlp_meaning(tlp: str, language: str) -> str:
    """One line on what the marking allows (TLP 2.0), the same in every mail of the language."""
    return _TLP[language][Tlp(tlp)]


def working_day_after(day: date, days: int) -> date:
    """Counts Monday to Friday, without the days from 29 December to 3 January on which Japan is closed."""
    while days:
        day += timedelta(days=1)
        if day.weekday() < 5 and (day.month, day.day) not in _CLOSED:
            days -= 1
    return day


def check_edited(investigation: Investigation, subject: str, body: str) -> None:
    """DomainError unless an edited draft still carries the number and the TLP that make it find its way."""
    problems = {}
    if numbers.tag(investigation.number) not in subject or set(_MARKING.findall(subject)) != {investigation.tlp}:
        problems["subject"] = translation.gettext("The subject must keep %(tag)s and %(tlp)s.") % {
            "tag": numbers.tag(investigation.number), "tlp": investigation.tlp}  # fmt: skip
    if set(_MARKING.findall(body)) != {investigation.tlp}:
        problems["body"] = translation.gettext("The text must keep %(tlp)s.") % {"tlp": investigation.tlp}
    if problems:
        raise DomainError(" ".join(problems.values()), fields=problems)


def _host(address: str, lines: Sequence[Line], sensors: int, language: str) -> HostLines:
    rows = [line.row for line in lines if line.row.source == address]
    zone = JST if language == Language.JA else None
    ports = sorted({PortKey(row.protocol, row.port) for row in rows})
    text = "、" if language == Language.JA else ", "
    more = {"ja": f" ほか{len(ports) - 5}件", "en": f" and {len(ports) - 5} more"}[language] if len(ports) > 5 else ""
    return HostLines(address, sum(row.packets for row in rows), sensors, _moment(rows[0].at, zone), _moment(rows[-1].at, zone),
                     text.join(_port(port, language) for port in ports[:5]) + more)  # fmt: skip


def _port(port: PortKey, language: str) -> str:
    with translation.override(language):
        return str(port_label(port))


def _registry(source: str, language: str) -> str:
    """`RDAP, APNIC` as a sentence takes it: `APNIC の RDAP`, `the RDAP data of APNIC`."""
    protocol, _comma, registry = source.partition(", ")
    if not registry:
        return source
    return {"ja": f"{registry} の {protocol}", "en": f"the {protocol} data of {registry}"}[language]


def _contact_date(investigation: Investigation) -> str:
    at = investigation.contact_fetched_at
    return _date(local_day(at, JST), investigation.language) if at else ""


def _moment(at: datetime, zone: object) -> str:
    return f"{at.astimezone(JST):%Y-%m-%d %H:%M:%S} JST" if zone else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _date(day: date, language: str, *, weekday: bool = False) -> str:
    if language == Language.JA:
        return f"{day.year}年{day.month}月{day.day}日" + (f"（{_WEEKDAYS['ja'][day.weekday()]}）" if weekday else "")
    return (f"{_WEEKDAYS['en'][day.weekday()]}, " if weekday else "") + f"{day:%Y-%m-%d}"


_CLOSED = {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}
_TLP = {
    "ja": {
        Tlp.CLEAR: "公開を含め、共有範囲に制限はありません",
        Tlp.GREEN: "貴組織および関係するコミュニティー内で共有いただけます（公開はできません）",
        Tlp.AMBER: "貴組織内および該当する利用者に限り共有いただけます",
        Tlp.AMBER_STRICT: "貴組織内に限り共有いただけます",
        Tlp.RED: "本メールの受信者限りとしてください",
    },
    "en": {
        Tlp.CLEAR: "no limits on sharing",
        Tlp.GREEN: "may be shared within your organisation and your community, not publicly",
        Tlp.AMBER: "for your organisation and the affected customers only",
        Tlp.AMBER_STRICT: "for your organisation only",
        Tlp.RED: "for the recipients of this mail only",
    },
}
