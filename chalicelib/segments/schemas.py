"""Segments as clients send and get them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from chalicelib.conditions.schemas import Condition
from chalicelib.http import Schema, TimeZone


class SegmentType(StrEnum):
    DYNAMIC = "dynamic"
    STATIC = "static"


class SegmentDocument(Schema):
    """A segment: hand-picked (static), or a query over contacts that keeps itself up to date (dynamic)."""

    description: Annotated[str, Field(max_length=2000)] = ""
    type: SegmentType = SegmentType.DYNAMIC
    time_zone: TimeZone = "UTC"
    query: Condition | None = None


class MembersChange(Schema):
    """Contacts to put into a static segment."""

    contact_ids: Annotated[list[str], Field(min_length=1, max_length=100)]


class Change(StrEnum):
    ADD = "add"
    REMOVE = "remove"


class MembersByQuery(Schema):
    """Contacts to put into a static segment, or to take out of it: those for whom a query holds when it is asked."""

    change: Change
    query: Condition
    time_zone: TimeZone = "UTC"


class EstimateView(Schema):
    """About how many of about how many contacts would be members; `exact` where all of them were asked."""

    members: int
    contacts: int
    sampled: int
    exact: bool


class MemberView(Schema):
    """A contact that is a member, and since when."""

    contact_id: str
    since: datetime


class MembershipView(Schema):
    """A contact's time in a segment."""

    segment_id: str
    since: datetime
    until: datetime | None = None
    why: str


class Memberships(Schema):
    items: list[MembershipView]


class AnswerView(Schema):
    """Why a contact is or is not a member: each clause with the value or count it saw."""

    holds: bool
    reasons: list[dict[str, str | bool]]
    changes_at: datetime | None = None
