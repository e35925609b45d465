"""A request as views see it: who calls, what was sent, parsed and checked."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from chalice.app import Request
from msgspec import Struct, field
from pydantic import BaseModel

from chalicelib.access.service import Caller
from chalicelib.clock import digest, new_id, now
from chalicelib.errors import Invalid, PreconditionRequired

LONGEST_KEY = 255  # letters of an Idempotency-Key
LONGEST_TAG = 18  # digits of an ETag, quotes apart

Body = TypeVar("Body", bound=BaseModel)


class Call(Struct, Generic[Body], frozen=True, dict=True):
    """One request, parsed and checked."""

    request: Request
    body: Body
    query: Any
    caller: Caller
    now: datetime = field(default_factory=now)

    @cached_property
    def headers(self) -> Mapping[str, str]:
        return cast(Mapping[str, str], self.request.headers)

    @property
    def idempotency_key(self) -> str | None:
        """What makes this request the same as an earlier one. Raises Invalid."""
        given = self.headers.get("idempotency-key") or None
        if given is not None and len(given) > LONGEST_KEY:
            raise Invalid(f"The Idempotency-Key may have {LONGEST_KEY} letters at most.")
        return given

    @cached_property
    def new_id(self) -> str:
        """The id of what this request makes: the same again where the request names an Idempotency-Key."""
        if self.idempotency_key is None:
            return new_id()
        named = cast("Mapping[str, str]", self.request.uri_params or {})  # one key may serve two records: two requests
        return digest(
            self.caller.id, str(self.request.context.get("resourcePath")), *named.values(), self.idempotency_key
        )

    @property
    def version(self) -> int:
        """The version of the record that this request changes. Raises PreconditionRequired, Invalid."""
        tag = self.headers.get("if-match")
        if tag is None:
            raise PreconditionRequired("Send If-Match with the ETag of the record as you read it.")
        digits = tag.strip().strip('"')
        if not digits.isdecimal() or len(digits) > LONGEST_TAG:
            raise Invalid('If-Match must hold the ETag as it came, such as “"3"”.')
        return int(digits)

    @property
    def raw(self) -> bytes:
        return cast(bytes, self.request.raw_body)
