"""One attempt to hand a message to the SMTP server, and exactly how far it got."""

import smtplib
import ssl
from collections.abc import Sequence
from enum import Enum
from ipaddress import ip_address

from django.conf import settings

TIMEOUT_S = 30


class Outcome(Enum):
    ACCEPTED = "accepted"
    TRY_LATER = "try later"  # the server does not have the message
    REFUSED = "refused"  # the server does not have it and never will
    UNKNOWN = "unknown"  # the content was under way when the connection failed


class Attempt:
    """What came of an attempt: the outcome and the server's words (or the reason there are none)."""

    def __init__(self, outcome: Outcome, words: str) -> None:
        self.outcome = outcome
        self.words = words


def send(*, sender: str, recipients: Sequence[str], content: bytes) -> Attempt:
    """Try once. Until the content is offered (DATA) a failure means that nothing was sent; after that it is unknown."""
    refusal = demo_refusal(recipients)
    if refusal:
        return Attempt(Outcome.REFUSED, refusal)
    try:
        server = _connect()
    except (OSError, smtplib.SMTPException) as error:
        return _before_content(error)
    try:
        return _converse(server, sender, recipients, content)
    finally:
        server.close()


def demo_refusal(recipients: Sequence[str]) -> str:
    """Why a demo must not send this; '' when it may."""
    if not settings.DEMO:
        return ""
    if not is_loopback(settings.SMTP_HOST):
        return f"a demo sends to loopback only, and SMTP_HOST is {settings.SMTP_HOST}"
    real = [address for address in recipients if not address.lower().endswith(".invalid")]
    return f"a demo writes to .invalid addresses only, not to {', '.join(real)}" if real else ""


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _connect() -> smtplib.SMTP:
    tls = ssl.create_default_context()
    if settings.SMTP_TLS == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(settings.SMTP_HOST, settings.SMTP_PORT, timeout=TIMEOUT_S, context=tls)
    else:
        server = smtplib.SMTP(settings.SMTP_HOST, settings.SMTP_PORT, timeout=TIMEOUT_S)
    try:
        server.ehlo_or_helo_if_needed()
        if settings.SMTP_TLS == "starttls":
            server.starttls(context=tls)
            server.ehlo()
        if settings.SMTP_USER:
            server.login(settings.SMTP_USER, settings.SMTP_PASSWORD)
    except BaseException:
        server.close()
        raise
    return server


def _converse(server: smtplib.SMTP, sender: str, recipients: Sequence[str], content: bytes) -> Attempt:
    try:
        _require(server.mail(sender, ["BODY=7BIT"] if server.has_extn("8bitmime") else []))
        for recipient in recipients:
            _require(server.rcpt(recipient))
    except (OSError, smtplib.SMTPException) as error:
        return _before_content(error)
    try:
        code, words = server.data(content)
    except smtplib.SMTPDataError as error:  # the server did not want the content
        return _before_content(error)
    except (OSError, smtplib.SMTPException) as error:
        return Attempt(Outcome.UNKNOWN, _words(error))
    if code != 250:
        return _before_content(smtplib.SMTPResponseException(code, words))
    _quit(server)
    return Attempt(Outcome.ACCEPTED, f"{code} {_text(words)}")


def _require(answer: tuple[int, bytes]) -> None:
    code, words = answer
    if code not in (250, 251):
        raise smtplib.SMTPResponseException(code, words)


def _before_content(error: Exception) -> Attempt:
    """5xx is final, unless it is about our own login or TLS, which an administrator can mend; all else may pass later."""
    code = getattr(error, "smtp_code", 0)
    is_ours = isinstance(error, smtplib.SMTPAuthenticationError)
    return Attempt(Outcome.REFUSED if 500 <= code < 600 and not is_ours else Outcome.TRY_LATER, _words(error))


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return f"{type(error).__name__}: {error}"


def _text(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words


def _quit(server: smtplib.SMTP) -> None:
    """The message is accepted; what goes wrong while saying goodbye changes nothing."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        return
