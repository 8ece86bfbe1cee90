"""Notes and advice on ports: shown where they belong, in both languages; written by analysts, by page and API."""

import html
import json
import re

import pytest
from django.test import Client

from apps.accounts.models import AuditEntry
from apps.reference import portgroups, shipped_notes
from apps.reference.models import AdviceBlock, PortNote
from tests.portal.scene import PERIOD
from tests.portal.test_pages import text_of

FORM = {"subject": "tcp/9", "text_en": "Discard.", "text_ja": "破棄サービスです。", "valid_from": "", "valid_to": "", "links": ""}


@pytest.fixture(autouse=True)
def shipped(db):
    shipped_notes.load(PortNote, AdviceBlock)
    portgroups.forget()


def client_of(user, language="en"):
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client


def test_a_port_page_tells_what_is_known_and_what_to_do(seen):
    page = text_of(client_of(seen.partner_a).get("/ports/tcp/23/", PERIOD))
    assert "Telnet: remote login without encryption" in page
    assert "Routers, cameras and other devices at home" in page and "for ordinary users" in page
    assert "/port-notes/port/" not in page
    seen.partner_a.language = "ja"
    client = client_of(seen.partner_a, "ja")
    client.cookies["django_language"] = "ja"
    assert "Telnet は暗号化しない" in text_of(client.get("/ports/tcp/23/", PERIOD))


def test_analysts_are_led_to_writing_and_editing(seen):
    client = client_of(seen.analyst)
    note = PortNote.objects.get(subject="tcp/23")
    assert f'href="/port-notes/port/{note.pk}/"' in text_of(client.get("/ports/tcp/23/", PERIOD))
    assert 'href="/port-notes/port/new/?subject=tcp/9"' in text_of(client.get("/ports/tcp/9/", PERIOD))
    assert 'value="tcp/9"' in text_of(client.get("/port-notes/port/new/?subject=tcp/9"))


def test_what_an_analyst_writes_is_shown_kept_and_on_record(seen):
    client = client_of(seen.analyst)
    assert client.post("/port-notes/port/new/", FORM | {"links": "https://example.org/a\r\nhttps://example.org/b"}).status_code == 302
    note = PortNote.objects.get(subject="tcp/9")
    assert (note.links, note.edited_by) == (["https://example.org/a", "https://example.org/b"], seen.analyst)
    assert "Discard." in text_of(client.get("/ports/tcp/9/", PERIOD))
    client.post(f"/port-notes/port/{note.pk}/", FORM | {"text_en": "First.\r\n\r\nSecond <b>part</b>."})
    page = text_of(client.get("/port-notes/"))
    assert "First.</p>" in page and "Second &lt;b&gt;part&lt;/b&gt;." in page
    client.post(f"/port-notes/port/{note.pk}/remove/")
    actions = AuditEntry.objects.filter(target="tcp/9").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["portnote.added", "portnote.changed", "portnote.removed"]


def test_advice_is_written_the_same_way(seen):
    block = AdviceBlock.objects.get(key="web-admin")
    form = {"key": "web-admin", "audience": "administrators", "subjects": "tcp/80\n\ntcp/81", "title_en": "Web", "title_ja": "ウェブ",
            "text_en": "a", "text_ja": "あ"}  # fmt: skip
    assert client_of(seen.analyst).post(f"/port-notes/advice/{block.pk}/", form).status_code == 302
    assert AdviceBlock.objects.get(key="web-admin").subjects == ["tcp/80", "tcp/81"]
    bad = client_of(seen.analyst).post(f"/port-notes/advice/{block.pk}/", form | {"subjects": "tcp/80\nnonsense"})
    assert bad.status_code == 400 and "nonsense" in bad.content.decode()


@pytest.mark.parametrize(("field", "value"), [("subject", "telnet"), ("text_ja", ""), ("links", "javascript:alert(1)"), ("valid_to", "x")])
def test_what_is_wrong_is_refused_and_changes_nothing(seen, field, value):
    before = PortNote.objects.count()
    response = client_of(seen.analyst).post("/port-notes/port/new/", FORM | {field: value})
    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()
    body = {name: text for name, text in (FORM | {field: value}).items() if text or name == field} | (
        {"links": [value]} if field == "links" else {"links": []}
    )
    answer = client_of(seen.analyst).post("/api/v1/port-notes/", body, content_type="application/json")
    assert answer.status_code == 400 and field in json.loads(answer.content)["fields"]
    assert PortNote.objects.count() == before


def test_the_api_answers_for_ports_groups_and_days(seen):
    found = json.loads(client_of(seen.partner_b).get("/api/v1/port-notes/", {"ports": "tcp/22,tcp/445"}).content)
    assert [note["subject"] for note in found["notes"]] == ["tcp/22", "tcp/445"]
    assert {block["key"] for block in found["advice"]} >= {"remote-login-admin", "windows-shares-users"}
    everything = json.loads(client_of(seen.partner_b).get("/api/v1/port-notes/").content)
    assert len(everything["notes"]) == PortNote.objects.count()
    for wrong in ({"ports": "x"}, {"day": "never"}, {"bogus": "1"}):
        assert client_of(seen.analyst).get("/api/v1/port-notes/", wrong).status_code == 400


def test_the_api_writes_for_analysts_alone(seen):
    body = {"subject": "tcp/9", "text_en": "Discard.", "text_ja": "破棄サービスです。"}
    for name, user in seen.people.items():
        made = client_of(user).post("/api/v1/port-notes/", body, content_type="application/json")
        assert made.status_code == (201 if name == "analyst" else 404), name
    number = PortNote.objects.get(subject="tcp/9").pk
    changed = client_of(seen.analyst).put(f"/api/v1/port-notes/{number}/", body | {"text_en": "b"}, content_type="application/json")
    assert json.loads(changed.content)["text_en"] == "b"
    assert client_of(seen.analyst).delete(f"/api/v1/port-notes/{number}/").status_code == 204


def card(seen, **query):
    page = text_of(client_of(seen.analyst).get("/explorer/", PERIOD | query))
    found = re.search(r'hx-get="(/port-notes/[^"]*)"', page)
    return text_of(client_of(seen.analyst).get(html.unescape(found[1]), headers={"HX-Request": "true"})) if found else ""


def test_the_explorer_tells_of_the_ports_at_the_top_of_what_it_shows(seen):
    told = card(seen, split="port")
    assert "Telnet: remote login without encryption" in told and "DNS. Open resolvers" in told
    assert "Redis" not in told and "<html" not in told
    assert "Messenger service of Windows XP" in card(seen, groups="messenger-udp")
    assert card(seen, split="region") == ""


def test_notes_on_some_ports_are_a_page_of_their_own(seen):
    page = text_of(client_of(seen.partner_a).get("/port-notes/", {"ports": "tcp/22"}))
    assert "SSH: encrypted remote login" in page and "Redis" not in page and "<html" in page
    for wrong in ({"ports": "x"}, {"day": "never", "ports": "tcp/22"}, {"bogus": "1"}):
        assert client_of(seen.analyst).get("/port-notes/", wrong).status_code == 400
