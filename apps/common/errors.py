"""Errors of the domain. Pages, commands and the API turn them into an answer; nothing else catches them."""

from collections.abc import Mapping


class DomainError(Exception):
    """A request that cannot be carried out, told in words for the person who made it.

    `code` is stable and for programs; `fields` maps the name of a parameter or field to what is wrong with it.
    """

    status = 400
    code = "invalid"

    def __init__(self, message: str, *, code: str = "", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.fields = dict(fields or {})


class ParameterError(DomainError):
    """A parameter of a page or API call is unknown, malformed or absurd."""

    code = "bad_parameter"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}", fields={name: problem})
        self.name = name


class NotAllowedError(DomainError):
    """Somebody's role does not allow what they asked for."""

    status = 403
    code = "not_allowed"
