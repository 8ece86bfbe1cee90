"""The bytes of a message: headers, encoding, attachment, thread; and the address that finds the ticket again."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from email.utils import parseaddr, parsedate_to_datetime

import pytest

from apps.coordination import addressing, message, reading
from tests.coordination import scenes

AT = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
JAPANESE = "[CSIRT-XX #2026-000123] マルウェア感染の可能性があるホストに関するご連絡（AS64500、3件） TLP:AMBER"


def letter(**changes):
    plain = {"number": "2026-000123", "recipients": ("abuse@isp.invalid",), "subject": JAPANESE, "body": "TLP:AMBER\n\n観測しました。\n"}
    return message.Letter(**{**plain, **changes})


def parsed(made):
    return message_from_bytes(made.content, policy=default)


def test_headers_are_complete_and_once_each():
    made = message.build(letter(), at=AT)
    got = parsed(made)
    for name in ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"):
        assert len(got.get_all(name)) == 1, name
    assert (got["From"], got["To"], got["Subject"]) == ("csirt@csirt.invalid", "abuse@isp.invalid", JAPANESE)
    assert got["Message-ID"] == made.message_id
    assert made.message_id.endswith("@csirt.invalid>")
    assert parsedate_to_datetime(got["Date"]) == AT
    assert got.defects == []


def test_a_person_released_it_so_it_is_not_automatic():
    assert "Auto-Submitted" not in parsed(message.build(letter(), at=AT))
    assert parsed(message.build(letter(is_automatic=True), at=AT))["Auto-Submitted"] == "auto-generated"


def test_two_messages_never_share_an_id():
    assert len({message.build(letter(), at=AT).message_id for _time in range(100)}) == 100


def test_the_id_stays_on_one_line(settings):
    settings.MAIL_FROM = "csirt@coordination.example.invalid"
    made = message.build(letter(), at=AT)
    assert f"\r\nMessage-ID: {made.message_id}\r\n".encode() in made.content


def test_any_server_can_carry_the_bytes():
    content = message.build(letter(attachments=(message.Attachment("log.csv", "text/csv", "\ufeffä".encode()),)), at=AT).content
    assert content.isascii()
    lines = content.split(b"\r\n")
    assert all(len(line) <= 998 for line in lines)
    assert not any(b"\n" in line or b"\r" in line for line in lines)


@pytest.mark.parametrize("body", ["plain text\n.\n..dots\nFrom here\n", "観測しました。\n" * 200, "mixed — dash\n"])
def test_the_text_survives(body):
    assert reading.read(message.build(letter(body=body), at=AT).content).text.replace("\r\n", "\n") == body


def test_the_attachment_survives_byte_by_byte():
    body = b"\xef\xbb\xbftimestamp\r\n" + bytes(range(256))
    [part] = parsed(
        message.build(letter(attachments=(message.Attachment("2026-000123-observation-log.csv", "text/csv", body),)), at=AT)
    ).iter_attachments()
    assert part.get_payload(decode=True) == body
    assert (part.get_filename(), part.get_content_type(), part.get_content_disposition()) == (
        "2026-000123-observation-log.csv", "text/csv", "attachment",
    )  # fmt: skip


def test_an_answer_stands_in_its_thread():
    got = parsed(message.build(letter(in_reply_to="<b@x.invalid>", thread_root="<a@x.invalid>"), at=AT))
    assert (got["In-Reply-To"], got["References"]) == ("<b@x.invalid>", "<a@x.invalid> <b@x.invalid>")


def test_the_reply_address_finds_the_ticket_and_cannot_be_guessed(settings):
    address = addressing.reply_to("2026-000123")
    assert parseaddr(address)[1] == address
    assert len(address.partition("@")[0]) <= 64
    assert addressing.ticket_of(address) == addressing.ticket_of(address.upper()) == "2026-000123"
    for forged in (
        address.replace("000123", "000124"),
        address[:-20] + ("b" if address[-20] == "a" else "a") + address[-19:],  # the key is made anew for each clone
        "csirt@csirt.invalid",
        "csirt+2026-000123@csirt.invalid",
        "",
    ):
        assert addressing.ticket_of(forged) is None
    settings.SECRET_KEY = "another installation"
    assert addressing.ticket_of(address) is None


def test_recipients_of_a_demo_are_invalid(settings):
    assert addressing.deliverable("abuse@isp.example") == "abuse@isp.example"
    settings.DEMO = True
    assert addressing.deliverable("abuse@isp.example") == "abuse@isp.example.invalid"
    assert addressing.deliverable("abuse@isp.invalid") == "abuse@isp.invalid"


def test_a_demo_shows_and_sends_the_rewritten_recipient(cast, known_source, registry, settings):
    settings.DEMO = True
    registry.answers[known_source] = scenes.FakeInfo(contacts=(scenes.FakeContact(email="abuse@isp.example"),))
    ticket = scenes.with_contact(scenes.open_ticket(cast.coordinator), cast.coordinator, "abuse@isp.example")
    mail = scenes.queued(ticket, cast.coordinator)
    assert mail.recipients == ["abuse@isp.example.invalid"]
    assert dict(reading.read(bytes(mail.message)).headers)["To"] == "abuse@isp.example.invalid"


def test_a_password_crosses_to_a_server_that_asks_for_one(settings):
    """SMTP_USER and SMTP_PASSWORD are offered; a wrong one is our own fault and tried again, not final."""
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

    from apps.coordination import smtp
    from tsubame_portal.embedded import free_port

    accepted = []

    class Handler:
        async def handle_DATA(self, server, session, envelope):
            accepted.append(envelope.content)
            return "250 OK"

    def check(server, session, envelope, mechanism, data):
        return AuthResult(success=data.login == b"csirt" and data.password == b"right")

    port = free_port()
    controller = Controller(Handler(), hostname="127.0.0.1", port=port, authenticator=check, auth_required=True, auth_require_tls=False)
    controller.start()
    try:
        settings.SMTP_HOST, settings.SMTP_PORT, settings.SMTP_USER, settings.SMTP_PASSWORD = "127.0.0.1", port, "csirt", "wrong"
        attempt = smtp.send(sender="a@x.invalid", recipients=["b@x.invalid"], content=b"Subject: x\r\n\r\nx\r\n")
        assert (attempt.outcome, accepted) == (smtp.Outcome.TRY_LATER, [])
        settings.SMTP_PASSWORD = "right"
        attempt = smtp.send(sender="a@x.invalid", recipients=["b@x.invalid"], content=b"Subject: x\r\n\r\nx\r\n")
        assert (attempt.outcome, len(accepted)) == (smtp.Outcome.ACCEPTED, 1)
    finally:
        controller.stop()
