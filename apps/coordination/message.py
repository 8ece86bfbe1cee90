"""The bytes of one message (RFC 5322), made once and never again: what is previewed is what is sent and kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.conf import settings

from apps.coordination import addressing


@dataclass(frozen=True)
class Attachment:
    """A file in ASCII name; `kind` is its MIME type."""

    name: str
    kind: str
    body: bytes


@dataclass(frozen=True)
class Letter:
    """What a message says and to whom, before it has bytes. `is_automatic`: no person released this very message."""

    number: str
    recipients: tuple[str, ...]
    subject: str
    body: str
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: str = ""
    thread_root: str = ""
    is_automatic: bool = False


@dataclass(frozen=True)
class Message:
    message_id: str
    content: bytes


def build(letter: Letter, *, at: datetime) -> Message:
    """Headers, text and attachments with CRLF line ends and no line of over 998 bytes, 7-bit throughout."""
    message = EmailMessage(policy=SMTP)
    # Short, so that the header stays on one line: some programs misread an identifier that is folded.
    message_id = f"<{letter.number}.{secrets.token_hex(8)}@{settings.MAIL_FROM.rpartition('@')[2]}>"
    message["From"] = settings.MAIL_FROM
    message["To"] = ", ".join(letter.recipients)
    message["Reply-To"] = addressing.reply_to(letter.number)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    _thread(message, letter)
    if letter.is_automatic:
        message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body, charset="utf-8", cte="7bit" if letter.body.isascii() else "base64")
    for attachment in letter.attachments:
        maintype, _slash, subtype = attachment.kind.partition("/")
        message.add_attachment(attachment.body, maintype=maintype, subtype=subtype, filename=attachment.name)
    return Message(message_id, message.as_bytes())


def _thread(message: EmailMessage, letter: Letter) -> None:
    if letter.in_reply_to:
        message["In-Reply-To"] = letter.in_reply_to
        message["References"] = " ".join(dict.fromkeys((letter.thread_root or letter.in_reply_to, letter.in_reply_to)))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
