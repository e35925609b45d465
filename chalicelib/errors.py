"""What can go wrong, in words a person understands; chalicelib.http turns each kind into a status.

DomainError
 ├─ Invalid              the request breaks a rule (400)
 ├─ Unauthenticated      nobody, or nobody we know (401)
 ├─ Forbidden            somebody who may not (403)
 ├─ NotFound             there is no such thing (404)
 ├─ Conflict             the state of things forbids it (409)
 ├─ Gone                 it was there and is not any more (410)
 ├─ Stale                the record has changed since it was read (412)
 ├─ TooLarge             the body is larger than the limit (413)
 ├─ Unprocessable        understood, but cannot be done as it stands (422)
 ├─ PreconditionRequired the request must say which version it changes (428)
 ├─ TooMany              asked too often; later it may be asked again (429)
 └─ Unavailable          try again later (503)
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict


class Problem(Struct, frozen=True):
    """One thing that is wrong, and where: `field` is a dotted path or a JSON pointer into what was sent."""

    field: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


class DomainError(Exception):
    """Something a client can be told. The message never holds personal data: it reaches logs and executions.

    `more` is what the answer tells besides, by name, where problems are too little to decide by.
    """

    def __init__(self, message: str, problems: Iterable[Problem] = (), more: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.problems = tuple(problems)
        self.more = dict(more or {})


class Invalid(DomainError):
    """The request breaks a rule."""


class Unauthenticated(DomainError):
    """The request does not say who makes it, or says it wrongly."""


class Forbidden(DomainError):
    """Whoever asks may not do this."""


class NotFound(DomainError):
    """There is no such thing."""


class Conflict(DomainError):
    """The state of things forbids it."""


class Gone(DomainError):
    """It was there and is not any more."""


class Stale(DomainError):
    """The record has changed since it was read."""


class TooLarge(DomainError):
    """The body is larger than the limit."""


class Unprocessable(DomainError):
    """Understood, but it cannot be done as it stands."""


class PreconditionRequired(DomainError):
    """A change must say which version of the record it changes."""


class TooMany(DomainError):
    """Asked too often; later it may be asked again."""


class Unavailable(DomainError):
    """Not now; trying again later may help."""
