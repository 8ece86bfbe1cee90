"""Notes and advice on ports: what is shipped, which hold on a day, and that what people wrote stays theirs."""

import csv
import lzma
from collections import Counter
from datetime import date

import pytest
from django.core.management import call_command
from django.utils import translation

from apps.accounts.models import AuditEntry
from apps.common.errors import DomainError
from apps.common.ports import PortKey
from apps.observations import sample
from apps.reference import note_editing, portgroups, shipped_notes
from apps.reference.models import AdviceBlock, PortGroup, PortNote
from apps.reference.portnotes import advice_for, notes_for

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)
BUSY = [
    "tcp/23",
    "tcp/22",
    "tcp/445",
    "tcp/80",
    "tcp/443",
    "tcp/8080",
    "tcp/3389",
    "tcp/6379",
    "tcp/1433",
    "tcp/5555",
    "tcp/37215",
    "tcp/2323",
    "tcp/52869",
    "udp/5060",
    "udp/53",
    "udp/123",
    "udp/1900",
    "udp/389",
    "udp/161",
    "udp/11211",
    "tcp/9200",
    "tcp/27017",
    "tcp/2375",
    "tcp/5900",
    "tcp/3306",
    "tcp/8443",
    "tcp/81",
    "tcp/25",
    "tcp/21",
    "tcp/139",
    "tcp/135",
    "udp/137",
    "icmp/8",
    "group:messenger-udp",
    "tcp/4899",
    "tcp/3128",
    "tcp/1080",
    "tcp/5901",
    "tcp/7547",
    "tcp/8081",
    "tcp/10000",
    "udp/1434",
]


@pytest.fixture(autouse=True)
def shipped():
    portgroups.forget()
    PortGroup.objects.get_or_create(slug="messenger-udp", defaults={"name_en": "m", "name_ja": "m", "pattern": "udp/1020-1039"})
    shipped_notes.load(PortNote, AdviceBlock)
    yield
    portgroups.forget()


def test_the_thirty_busiest_ports_of_the_sample_have_a_note():
    with lzma.open(sample.LOG, "rt", encoding="ascii", newline="") as log:
        kinds = Counter((row["proto"], row["type"] if row["proto"] == "ICMP" else row["dpt"]) for row in csv.DictReader(log))
    busiest = {f"{protocol.lower()}/{number}" for (protocol, number), _packets in kinds.most_common(30)}
    assert len(busiest) == 30
    assert busiest <= set(PortNote.objects.values_list("subject", flat=True))


@pytest.mark.parametrize("subject", BUSY)
def test_busy_ports_have_a_note_in_both_languages(subject):
    note = PortNote.objects.get(subject=subject)
    note.full_clean()
    assert note.text_en.isascii()
    assert any(ord(letter) > 0x3000 for letter in note.text_ja)


def test_every_block_of_advice_is_sound_and_both_audiences_are_addressed():
    for block in AdviceBlock.objects.all():
        block.full_clean()
    assert set(AdviceBlock.objects.values_list("audience", flat=True)) == {"administrators", "users"}


def test_loading_again_adds_nothing_renews_what_is_shipped_and_leaves_what_was_edited(cast, capsys):
    edited, stale = PortNote.objects.get(subject="tcp/23"), PortNote.objects.get(subject="tcp/22")
    edited.text_en = "ours"
    note_editing.save(row=edited, by=cast.analyst)
    PortNote.objects.filter(pk=stale.pk).update(text_en="an older text")
    call_command("load_port_notes")
    assert "0 added, 1 renewed" in capsys.readouterr().out
    assert PortNote.objects.get(subject="tcp/23").text_en == "ours"
    assert PortNote.objects.get(subject="tcp/22").text_en.startswith("SSH")


def test_a_port_has_its_own_note_and_those_of_its_groups():
    notes = notes_for([PortKey.parse("udp/1026"), PortKey.parse("tcp/23")], [], DAY)
    assert [note.subject for note in notes] == ["tcp/23", "group:messenger-udp"]
    assert [note.subject for note in notes_for([], ["messenger-udp"], DAY)] == ["group:messenger-udp"]
    assert notes_for([], [], DAY) == [] == advice_for([], [], DAY)


def test_a_note_holds_on_its_days_only():
    PortNote.objects.create(subject="tcp/9", valid_from=date(2026, 3, 2), valid_to=date(2026, 3, 3), text_en="a", text_ja="あ")
    days = [date(2026, 3, day) for day in (1, 2, 3, 4)]
    assert [len(notes_for([PortKey.parse("tcp/9")], [], day)) for day in days] == [0, 1, 1, 0]


def test_texts_come_in_the_active_language():
    (note,) = notes_for([PortKey.parse("tcp/22")], [], DAY)
    advice = advice_for([PortKey.parse("tcp/23")], [], DAY)
    with translation.override("ja"):
        assert note.text.startswith("SSH は")
        assert [block.title for block in advice] == ["遠隔ログイン", "ルーター、カメラなどの家庭用機器"]
    with translation.override("en"):
        assert note.text.startswith("SSH:")


def test_every_change_is_in_the_audit_log(cast):
    note = note_editing.save(row=PortNote(subject="tcp/9", text_en="a", text_ja="あ"), by=cast.analyst)
    note.text_en = "b"
    note_editing.save(row=note, by=cast.analyst)
    note_editing.remove(row=note, by=cast.analyst)
    actions = AuditEntry.objects.filter(target="tcp/9").order_by("pk").values_list("action", "actor_name")
    assert list(actions) == [(f"portnote.{verb}", "analyst") for verb in ("added", "changed", "removed")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", "tcp/99999"), ("subject", "TCP/23"), ("subject", "group:Not A Slug"), ("subject", "tcp/23"), ("text_ja", ""),
        ("text_en", "x" * 4001), ("links", ["javascript:alert(1)"]), ("valid_to", date(2025, 1, 1)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_name_and_changes_nothing(cast, field, value):
    row = PortNote(subject="tcp/9", valid_from=None if field == "subject" else date(2026, 1, 1), text_en="a", text_ja="あ")
    setattr(row, field, value)
    with pytest.raises(DomainError) as refused:
        note_editing.save(row=row, by=cast.analyst)
    assert set(refused.value.fields) <= {field, "subject"}
    assert not AuditEntry.objects.filter(action="portnote.added").exists()
