"""How a query to a provider can end without an answer."""

from datetime import timedelta

from apps.enrichment.models import State


class LookupFailedError(Exception):
    """No answer came back. `state` is how the look-up ends; `message` a msgid that may hold %(detail)s; `retry_after` the
    provider's wish, if it stated one."""

    def __init__(self, state: State, message: str, *, detail: object = "", retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.state, self.message, self.detail, self.retry_after = state, message, str(detail), retry_after


class UnreadableAnswerError(ValueError):
    """An answer came and cannot be read; `message` is a msgid."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
