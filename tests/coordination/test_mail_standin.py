"""The demo's mail server, started as the demo starts it."""

import os
import smtplib
import socket
import sys

from tests.processes import running, wait_until
from tsubame_portal.embedded import free_port


def test_messages_are_stored_as_they_came(tmp_path):
    port, folder = free_port(), tmp_path / "mail"
    command = [sys.executable, "manage.py", "mail_standin", "--port", str(port), "--dir", str(folder)]

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    content = b"Subject: hello\r\nTo: a@isp.invalid\r\n\r\n.\r\n..two\r\nend\r\n"
    with running(command, os.environ, until=listens), smtplib.SMTP("127.0.0.1", port) as server:
        server.sendmail("csirt@csirt.invalid", ["a@isp.invalid"], content)
        wait_until(lambda: list(folder.glob("*.eml")))
    [stored] = folder.glob("*.eml")
    assert stored.read_bytes() == content
