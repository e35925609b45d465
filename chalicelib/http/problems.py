"""What is wrong, as clients are told it: an RFC 9457 problem, in words a person understands."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from chalice.app import Response
from pydantic import ValidationError

from chalicelib import errors
from chalicelib.errors import DomainError, Problem

LONGEST_NAME = 200  # letters of a field's name as an answer repeats it
MOST_TOLD = 50  # mistakes that one answer tells

STATUS_OF: dict[type[DomainError], HTTPStatus] = {
    errors.Invalid: HTTPStatus.BAD_REQUEST,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Gone: HTTPStatus.GONE,
    errors.Stale: HTTPStatus.PRECONDITION_FAILED,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.Unprocessable: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    errors.TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


def status_of(error: DomainError) -> HTTPStatus:
    return next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)


def problem(
    status: HTTPStatus,
    detail: str,
    problems: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """Return an RFC 9457 problem; `more` are its extension members."""
    content: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    content |= more or {}
    if problems:
        content["errors"] = [each.as_dict() for each in problems]
    fields: dict[str, str | list[str]] = {"Content-Type": "application/problem+json", **(headers or {})}
    return Response(json.dumps(content, ensure_ascii=False), status_code=status, headers=fields)


SAID: dict[str, str] = {
    "extra_forbidden": "There is no field of this name.",
    "missing": "This field is required.",
    "string_type": "This must be text.",
    "int_type": "This must be a whole number.",
    "int_parsing": "This must be a whole number.",
    "int_from_float": "This must be a whole number.",
    "bool_type": "This must be true or false.",
    "bool_parsing": "This must be true or false.",
    "list_type": "This must be a list.",
    "dict_type": "This must be an object.",
    "model_type": "This must be an object.",
    "datetime_from_date_parsing": "This must be an instant such as 2026-11-24T08:00:00Z.",
    "datetime_parsing": "This must be an instant such as 2026-11-24T08:00:00Z.",
    "timezone_aware": "This instant needs a time zone, such as a Z at its end.",
}


def details_of(error: ValidationError) -> list[Problem]:
    return [
        Problem(_place(each["loc"]), _sentence(each["type"], each["msg"]))
        for each in error.errors(include_url=False, include_input=False)[:MOST_TOLD]
    ]


def _place(parts: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in parts)[:LONGEST_NAME] or "body"


def _sentence(kind: str, message: str) -> str:
    text = SAID.get(kind, message.removeprefix("Value error, "))
    return text if text.endswith(".") else f"{text}."
