"""The words of mail: one snapshot per template, lines that fit, verbs that the evidence allows.

`UPDATE_SNAPSHOTS=1 pytest tests/coordination/test_templates.py` writes the snapshots anew; read the difference before committing.
"""

import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from apps.coordination import certainty, drafting, observation_log, wrapping
from apps.coordination.models import Certainty, Contact, Incident, Investigation, Language, MailKind, Tlp
from apps.coordination.observation_log import Line
from apps.observations.evidence import EvidenceRow
from apps.observations.models import Signature

SNAPSHOTS = Path(__file__).parent / "snapshots"
AT = datetime(2026, 11, 21, 4, 5, 42, tzinfo=UTC)
TEMPLATES = Path(django_settings.BASE_DIR) / "templates/coordination/mail"
LEVELS = [Certainty.OBSERVED, Certainty.PATTERN]


def lines(signature=Signature.NONE, count=3, addresses=("192.0.2.1", "192.0.2.77"), port=23):
    return [
        Line(EvidenceRow(AT + timedelta(minutes=7 * n), 6, addresses[n % len(addresses)], 40000 + n, port, n + 1, signature), "JP", "64500")
        for n in range(count)
    ]


def rendered(db, language, level=Certainty.OBSERVED, given=None, tlp=Tlp.AMBER, **contact):
    given = given or lines(Signature.MIRAI if level == Certainty.PATTERN else Signature.NONE)
    investigation = Investigation(
        number="2026-000123", incident=Incident(behaviour="tcp/23", certainty=level), language=language, tlp=tlp,
        contact=Contact(email="abuse@isp.invalid", holder="Sample Internet"), contact_source="RDAP, APNIC",
        contact_fetched_at=datetime(2026, 11, 20, 1, tzinfo=UTC),
    )  # fmt: skip
    for name, value in contact.items():
        setattr(investigation, name, value)
    return drafting.render(
        investigation, MailKind.FIRST_NOTICE, lines=given, sensors=dict.fromkeys((line.row.source for line in given), 2),
        log=observation_log.to_csv(given),
        file_name="2026-000123-observation-log.csv", today=date(2026, 12, 21),
    )  # fmt: skip


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", Language.values)
def test_a_first_notice_reads_as_it_was_approved(db, language, level, settings):
    settings.CSIRT_ADDRESS_JA, settings.CSIRT_ADDRESS_EN = "東京都（見本）", "Tokyo (sample)"
    settings.CSIRT_PHONE, settings.CSIRT_WEB = "+81-3-0000-0000", "https://csirt.invalid/"
    words = rendered(db, language, level)
    path = SNAPSHOTS / f"first-notice-{level}.{language}.txt"
    text = f"{words.subject}\n\n{words.body}"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("count", [1, 3, 200])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", Language.values)
def test_no_line_is_wider_than_70_columns(db, language, level, count):
    long = ("2001:db8:1234:5678:9abc:def0:1234:5678", "192.0.2.255")
    body = rendered(db, language, level, lines(count=count, addresses=long, port=65535)).body
    assert [line for line in body.split("\n") if wrapping.width(line) > 70] == []


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", Language.values)
def test_no_template_says_more_than_the_evidence(db, language, level):
    words = rendered(db, language, level)
    assert certainty.too_strong(f"{words.subject}\n{words.body}", level) == []


@pytest.mark.parametrize("language", Language.values)
def test_a_pattern_is_said_and_packets_alone_are_not_called_one(db, language):
    weak, strong = rendered(db, language, Certainty.OBSERVED), rendered(db, language, Certainty.PATTERN)
    assert certainty.too_strong(f"{strong.subject}\n{strong.body}", Certainty.OBSERVED) != []
    for words in (weak, strong):
        assert {"ja": "パケットを観測しました", "en": "we observed packets to"}[language] in " ".join(words.body.split()).replace(
            " 宛の", "宛の"
        )


@pytest.mark.parametrize(
    ("text", "level", "found"),
    [
        ("we observed packets to 23/TCP", "observed", []),
        ("It may be infected.", "observed", ["may be infected"]),
        ("It may be\ninfected.", "observed", ["may be infected"]),
        ("It may be infected.", "pattern", []),
        ("Your host is infected.", "pattern", ["is infected"]),
        ("感染していま\nす", "pattern", ["感染しています"]),
        ("The administrator reported a compromise.", "reported", []),
        ("the attacker", "reported", ["attacker"]),
        ("攻撃元", "reported", ["攻撃元"]),
    ],
)
def test_strong_words_are_found_across_lines(text, level, found):
    assert certainty.too_strong(text, level) == found


def test_templates_hold_no_word_that_no_mail_may_hold():
    for path in TEMPLATES.glob("*.txt"):
        text = path.read_text()
        assert [word for word in certainty.NEVER if word in text.lower()] == [], path.name


@pytest.mark.parametrize("language", Language.values)
@pytest.mark.parametrize("tlp", Tlp)
def test_tag_and_marking_stand_in_subject_and_before_the_text(db, language, tlp):
    words = rendered(db, language, tlp=tlp)
    assert words.subject.startswith("[CSIRT-XX #2026-000123] ")
    assert words.subject.endswith(f" {tlp}")
    assert words.body.startswith(tlp)
    assert "\n" not in words.subject


@pytest.mark.parametrize("language", Language.values)
def test_at_most_20_rows_stand_in_the_text_and_the_newest_are_chosen(db, language):
    body = rendered(db, language, given=lines(count=60)).body
    rows = re.findall(r"^  2026-11-\d\d \d\d:\d\d:\d\d (?:JST|UTC)  .*", body, re.M)
    assert len(rows) == 20
    newest = {"ja": "2026-11-21 19:58:42 JST", "en": "2026-11-21 10:58:42 UTC"}[language]
    assert any(newest in row for row in rows)
    assert "60" in body


@pytest.mark.parametrize("language", Language.values)
def test_the_hash_in_the_text_is_that_of_the_file(db, language):
    given = lines()
    assert observation_log.to_csv(given).sha256 in rendered(db, language, given=given).body.split("\n")


@pytest.mark.parametrize("language", Language.values)
def test_a_contact_by_hand_is_not_said_to_come_from_a_registry(db, language):
    body = rendered(db, language, contact_source="manual").body
    assert "RDAP" not in body
    assert "manual" not in body


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2026, 11, 20), date(2026, 12, 4)), (date(2026, 12, 21), date(2027, 1, 8)), (date(2026, 11, 21), date(2026, 12, 4))],
)
def test_an_answer_is_asked_for_after_ten_working_days(day, expected):
    assert drafting.working_day_after(day, 10) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", "short"),
        ("a " * 20 + "end", "a a a a a\n" * 4 + "end"),
        ("あいうえお、かきく", "あいうえ\nお、かきく"),
        ("あいうえ（かき）く", "あいうえ\n（かき）く"),
        ("(1) 一二三四五六", "(1) 一二三\n    四五六"),
        ("https://example.invalid/long", "https://example.invalid/long"),
        ("", ""),
    ],
)
def test_lines_break_where_they_may(text, expected):
    assert wrapping.wrap(text, 10) == expected


@pytest.mark.parametrize(
    ("language", "words"), [(Language.JA, "Ping (ICMP) のパケットを観測し"), (Language.EN, "we observed Ping (ICMP) packets from")]
)
def test_nobody_sends_to_ping(db, language, words):
    pings = [Line(EvidenceRow(AT, 1, "192.0.2.1", 0, 8 * 256, 3, Signature.NONE), "JP", "64500")]
    mail = rendered(db, language, given=pings)
    assert words in re.sub(r"\s+", " ", mail.body)
    assert "宛のパケット" not in mail.subject and "packets to" not in mail.subject
