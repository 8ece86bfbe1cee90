"""A mail server for the demo: it takes every message, stores it and delivers it nowhere."""

import signal
import threading
from argparse import ArgumentParser
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.core.management.base import BaseCommand

LARGEST_MESSAGE = 32 * 2**20


class Mailbox:
    """Writes each message to a file of its own and tells about it."""

    def __init__(self, directory: Path, tell: Any) -> None:
        self.directory = directory
        self.tell = tell
        directory.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd calls it so
        content = envelope.original_content or b""
        path = self.directory / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}.eml"
        draft = path.with_suffix(".part")  # whoever watches the folder sees whole messages only
        draft.write_bytes(content)
        draft.replace(path)
        subject = message_from_bytes(content, policy=default)["Subject"]
        self.tell(f"mail to {', '.join(envelope.rcpt_tos)}: {subject} → {path}")
        return f"250 stored as {path.name}"


class Command(BaseCommand):
    help = "Run an SMTP server on 127.0.0.1 that stores messages as files and delivers them nowhere."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=settings.SMTP_PORT, help="port to listen on (default: SMTP_PORT)")
        parser.add_argument("--dir", type=Path, default=settings.VAR_DIR / "mail", help="where messages are stored (default: var/mail)")

    def handle(self, *args: Any, port: int, dir: Path, **options: Any) -> None:  # noqa: A002  # the option is called --dir
        done = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: done.set())
        controller = Controller(Mailbox(dir, self.tell), hostname="127.0.0.1", port=port, data_size_limit=LARGEST_MESSAGE)
        controller.start()
        self.tell(f"mail server on 127.0.0.1:{port}, messages in {dir}")
        try:
            done.wait()
        finally:
            controller.stop()

    def tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
