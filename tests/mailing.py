"""An SMTP server for tests that keeps what it is given, and can be told to refuse."""

import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tsubame_portal import embedded


@dataclass(frozen=True)
class Received:
    """One accepted message: the SMTP envelope, the exact bytes and the same parsed."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)


class MailServer:
    """A real SMTP server on a free port of 127.0.0.1. `refusal` is an answer such as "451 busy" given to every message."""

    def __init__(self) -> None:
        self.messages: list[Received] = []
        self.refusal = ""
        self.port = embedded.free_port()
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def reset(self) -> None:
        with self._lock:
            self.messages, self.refusal = [], ""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # the name aiosmtpd calls
        with self._lock:
            if self.refusal:
                return self.refusal
            assert isinstance(envelope.original_content, bytes)
            self.messages.append(Received(envelope.mail_from or "", envelope.rcpt_tos, envelope.original_content))
        return "250 OK"

    def __enter__(self) -> "MailServer":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()
