"""What clients send and get, and what every list takes and gives."""

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chalicelib.lists import MOST, Asked, Page


class Schema(BaseModel):
    """What clients send and get: unknown fields are refused, text is trimmed."""

    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, from_attributes=True, allow_inf_nan=False, defer_build=True
    )


class Nothing(Schema):
    """No body, no query."""


def _zone(name: str) -> str:
    from zoneinfo import available_timezones

    if name not in available_timezones():
        raise ValueError("There is no time zone of this name; write one such as Europe/Copenhagen.")
    return name


TimeZone = Annotated[str, AfterValidator(_zone)]


class ListQuery(Schema):
    """What every list understands."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = 25
    cursor: Annotated[str, Field(max_length=6000)] | None = None

    @property
    def asked(self) -> Asked:
        return Asked(self.limit, self.cursor)


Shown = TypeVar("Shown", bound=BaseModel)


class Listing(Schema, Generic[Shown]):
    """A page of a list."""

    items: list[Shown]
    next_cursor: str | None = None

    @classmethod
    def of(cls, found: Page[Any], view: Callable[[Any], Shown]) -> "Listing[Shown]":
        return cls(items=[view(item) for item in found.items], next_cursor=found.next_cursor)
