"""Journeys, enrolments and triggers as clients send and get them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator

from chalicelib.http import ListQuery, Schema


class GoingLive(StrEnum):
    """What becomes of those inside when a version goes live (decision 24)."""

    KEEP = "keep"
    MIGRATE = "migrate"
    STOP = "stop"


class Stopping(StrEnum):
    """What becomes of those inside when the journey stops (decision 24)."""

    HOLD = "hold"
    STOP = "stop"


class PublishJourney(Schema):
    """Keep those inside on their version, move them to the new one where their tile still exists, or stop them."""

    inside: GoingLive = GoingLive.KEEP


class StopJourney(Schema):
    """Hold those inside until the journey goes live again, or stop them too."""

    inside: Stopping = Stopping.HOLD
    confirmed: bool = False


class EnrolmentQuery(ListQuery):
    """The enrolments of a journey, newest first, or of one account's contacts in it; or of a contact."""

    journey_id: Annotated[str, Field(max_length=64)] | None = None
    account_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    contact_id: Annotated[str, Field(max_length=64)] | None = None

    @model_validator(mode="after")
    def _one(self) -> "EnrolmentQuery":
        if (self.journey_id is None) == (self.contact_id is None):
            raise ValueError("Ask for the enrolments of a journey_id or of a contact_id.")
        if self.account_id is not None and self.journey_id is None:
            raise ValueError("Only the enrolments of a journey_id can be narrowed to an account_id.")
        return self


class EnrolmentView(Schema):
    """Where a contact stands in a journey, what it waits for and until when."""

    id: str
    contact_id: str
    journey_id: str
    journey_version: int
    occurrence: str
    standing: str
    tile: str | None = None
    waits_until: datetime | None = None
    reason: str | None = None
    sentence: str | None = None
    attempts: int
    enrolled_at: datetime
    ended_at: datetime | None = None


class VisitView(Schema):
    """What happened at a tile, and why."""

    tile: str
    visit: int
    at: datetime
    figures: list[str]
    why: str = ""


class EnrolmentHistory(EnrolmentView):
    """An enrolment with every visit so far."""

    visits: list[VisitView]


class RefusalView(Schema):
    """A journey that did not take the contact, and why."""

    journey_id: str
    occurrence: str
    reason: str
    sentence: str
    refused_at: datetime


class Refusals(Schema):
    items: list[RefusalView]


class RaiseRequest(Schema):
    """For whom a trigger is raised, by id or by address, and its attributes."""

    contact_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    email: Annotated[str, Field(min_length=3, max_length=254)] | None = None
    attributes: dict[str, Any] = Field(default_factory=dict, max_length=29)

    @model_validator(mode="after")
    def _one(self) -> "RaiseRequest":
        if (self.contact_id is None) == (self.email is None):
            raise ValueError("Say for whom: a contact_id or an email.")
        return self


class RaisedView(Schema):
    """A trigger that was raised."""

    id: str
    trigger_id: str
    contact_id: str
    raised_at: datetime
