"""What clients send and get, and what every list takes and gives."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from chalicelib.lists import MOST, Asked, Page


class Schema(BaseModel):
    """What clients send and get: unknown fields are refused, text is trimmed."""

    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, from_attributes=True, allow_inf_nan=False, defer_build=True
    )


class Change(Schema):
    """What changes: fields that are not named stay, null empties one, but none of those that are never empty."""

    never_empty: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="after")
    def _kept(self) -> Self:
        for name in self.never_empty:
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"The {name.replace('_', ' ')} cannot be empty.")
        return self

    @property
    def values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in sorted(self.model_fields_set)}


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
