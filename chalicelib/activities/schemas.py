"""Activities as clients send and get them."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from chalicelib.activities.choices import ActivityKind, ActivityState, RegardingKind
from chalicelib.http import Change, ListQuery, Schema

Id = Annotated[str, Field(min_length=1, max_length=64)]
Subject = Annotated[str, Field(min_length=1, max_length=200)]


class ActivityFields(Schema):
    """What people may write on an activity."""

    description: Annotated[str, Field(max_length=2000)] | None = None
    owner_id: Id | None = None
    due: AwareDatetime | None = None
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    location: Annotated[str, Field(max_length=200)] | None = None
    phone_number: Annotated[str, Field(max_length=50)] | None = None


class Regarding(Schema):
    """Whom or what an activity is about."""

    kind: RegardingKind
    id: Id

    @property
    def key(self) -> str:
        return f"{self.kind}#{self.id}"


class NewActivity(ActivityFields):
    """Something to do. An appointment has a start."""

    kind: ActivityKind = ActivityKind.TASK
    subject: Subject
    regarding: Regarding | None = None

    @model_validator(mode="after")
    def _has_a_start(self) -> "NewActivity":
        if self.kind is ActivityKind.APPOINTMENT and self.starts_at is None:
            raise ValueError("An appointment needs starts_at.")
        return self


class ActivityChange(ActivityFields, Change):
    """What changes: fields that are not named stay, null empties one."""

    never_empty = ("subject",)

    subject: Subject | None = None


class ActivitiesQuery(ListQuery):
    """The activities of one owner (open ones first, by due date), or those regarding one record, newest first."""

    owner_id: Id | None = None
    state: ActivityState | None = None
    regarding_kind: RegardingKind = RegardingKind.CONTACT
    regarding_id: Id | None = None


class ActivityView(ActivityFields):
    """An activity."""

    id: str
    kind: ActivityKind
    subject: str
    state: ActivityState
    regarding: Regarding | None = None
    contact_id: str | None = None
    journey_id: str | None = None
    enrolment_id: str | None = None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    version: int


class NoteText(Schema):
    """What somebody writes down."""

    text: Annotated[str, Field(min_length=1, max_length=4000)]


class NoteView(Schema):
    """A note about a contact or an account."""

    id: str
    text: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str | None = None
    version: int
