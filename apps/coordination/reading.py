"""A message's bytes as a person reads them: decoded headers, text, attachments. Nothing is added to what is there."""

import hashlib
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default

HEADERS = ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted")


@dataclass(frozen=True)
class AttachedFile:
    name: str
    kind: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class ReadMessage:
    headers: tuple[tuple[str, str], ...]
    text: str
    attachments: tuple[AttachedFile, ...]
    raw: str
    sha256: str


def read(content: bytes) -> ReadMessage:
    message = message_from_bytes(content, policy=default)
    body = message.get_body(("plain",))
    return ReadMessage(
        headers=tuple((name, str(message[name])) for name in HEADERS if name in message),
        text=body.get_content() if body else "",
        attachments=tuple(_attached(part) for part in message.iter_attachments()),
        raw=content.decode("ascii", errors="replace"),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _attached(part) -> AttachedFile:
    content = part.get_content()
    content = content.encode() if isinstance(content, str) else content
    return AttachedFile(part.get_filename() or "", part.get_content_type(), len(content), hashlib.sha256(content).hexdigest())
