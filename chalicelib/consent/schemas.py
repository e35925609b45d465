"""Preferences as clients send and get them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from chalicelib.http import Schema


class PreferencesChange(Schema):
    """What to change. Allowing more than before needs a reason: how the person asked for it."""

    bulk_email: bool | None = None
    email: bool | None = None
    tracking: bool | None = None
    prefill: bool | None = None
    follow_email: bool | None = None
    consent_level: Annotated[int, Field(ge=0, le=5)] | None = None
    is_child: bool | None = None
    guardian_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    guardian_consent: bool | None = None
    reason: Annotated[str, Field(max_length=500)] | None = None

    def wanted(self) -> dict[str, Any]:
        given = self.model_dump(exclude_unset=True, exclude={"reason"})
        return {name: value for name, value in given.items() if value is not None or name == "guardian_id"}


class PreferencesView(Schema):
    """What a contact allows (2.3, 2.4)."""

    contact_id: str
    bulk_email: bool
    email: bool
    tracking: bool
    prefill: bool
    follow_email: bool
    consent_level: int
    is_child: bool
    guardian_id: str | None = None
    guardian_consent: bool
    restricted: bool
    objected: bool
    version: int


class ChangeView(Schema):
    """A change of preferences, or of being on a subscription list."""

    changed_at: datetime
    list_id: str | None = None
    who: str
    source: str
    method: str
    wording: str | None = None
    reason: str | None = None
    before: dict[str, Any]
    after: dict[str, Any]


class Changes(Schema):
    items: list[ChangeView]
