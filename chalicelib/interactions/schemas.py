"""Interactions as clients send and get them."""

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, field_validator

from chalicelib.http import ListQuery, Schema
from chalicelib.interactions.types import REPORTED, InteractionType

LARGEST = 2048  # bytes of the properties

Id = Annotated[str, Field(min_length=1, max_length=64)]


class ReportedInteraction(Schema):
    """Something a contact did elsewhere. Send an Idempotency-Key: the same key is the same event."""

    contact_id: Id
    type: InteractionType
    at: AwareDatetime
    properties: Annotated[dict[str, str | int | float | bool | list[str]], Field(max_length=30)] = Field(
        default_factory=dict
    )

    @field_validator("type")
    @classmethod
    def _reportable(cls, given: InteractionType) -> InteractionType:
        if given not in REPORTED:
            known = ", ".join(sorted(REPORTED))
            raise ValueError(f"Only these can be reported, the others we record ourselves: {known}.")
        return given

    @field_validator("properties")
    @classmethod
    def _short(cls, given: dict[str, Any]) -> dict[str, Any]:
        if len(json.dumps(given, ensure_ascii=False).encode()) > LARGEST:
            raise ValueError(f"The properties may have {LARGEST:,} bytes at most, written as JSON.")
        return given


class InteractionsQuery(ListQuery):
    """A contact's interactions of one type, newest first (INT-8)."""

    contact_id: Id
    type: InteractionType
    date_from: AwareDatetime | None = None
    date_to: AwareDatetime | None = None


class InteractionView(Schema):
    """Something that somebody did, with the verdict on whether it was a person."""

    id: str
    type: str
    at: datetime
    contact_id: str | None = None
    account_id: str | None = None
    lead_id: str | None = None
    visitor_id: str | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)
    verdict: str | None = None
    reasons: list[str] = Field(default_factory=list)
    decided_at: datetime | None = None


class Recorded(Schema):
    """What was recorded."""

    id: str
