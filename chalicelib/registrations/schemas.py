"""Events and registrations as clients send and get them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, HttpUrl

from chalicelib.http import ListQuery, Schema, TimeZone
from chalicelib.registrations.models import Role

Id = Annotated[str, Field(min_length=1, max_length=64)]
Text = Annotated[str, Field(max_length=500)]
Option = Annotated[str, Field(min_length=1, max_length=200)]
MOST_ATTENDEES = 10


class Format(StrEnum):
    """Where an event takes place."""

    ON_SITE = "on_site"
    WEBINAR = "webinar"
    HYBRID = "hybrid"


class Matching(StrEnum):
    """By what a registrant is known again (EVT-10)."""

    EMAIL = "email"
    NAMES = "names"
    EMAIL_AND_NAMES = "email_and_names"


class Question(StrEnum):
    """What a custom registration field takes (EVT-7)."""

    SIMPLE_TEXT = "simple_text"
    BOOLEAN = "boolean"
    SINGLE_CHOICE = "single_choice"
    MULTIPLE_CHOICE = "multiple_choice"


PersonField = Literal["first_name", "last_name", "email", "phone", "company_name", "job_title"]


class RegistrationField(Schema):
    """Something that an event asks whoever registers (EVT-7)."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
    label: Annotated[str, Field(min_length=1, max_length=200)]
    type: Question = Question.SIMPLE_TEXT
    required: bool = False
    options: Annotated[list[Option], Field(max_length=100)] = Field(default_factory=list)


class EventDocument(Schema):
    """An event (22.2)."""

    type: Annotated[str, Field(max_length=100, description="Such as conference or training; says what it is.")] = ""
    description: Annotated[str, Field(max_length=5000)] = ""
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    time_zone: TimeZone = "UTC"
    format: Format = Format.ON_SITE
    location: Text = ""
    event_url: Annotated[HttpUrl, Field(max_length=2000)] | None = None
    readable_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")] | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    maximum_capacity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    registration_ends_at: AwareDatetime | None = None
    closed_message: Text = "Registration has closed."
    full_message: Text = "All seats are taken."
    success_message: Text = "Thank you. You are registered."
    error_message: Text = "We could not take this yet. Please look at the fields below."
    submit_label: Annotated[str, Field(min_length=1, max_length=100)] = "Register"
    labels: Annotated[
        dict[PersonField, Annotated[str, Field(min_length=1, max_length=200)]],
        Field(description="What the page calls what it asks about the person, where it is not English."),
    ] = Field(default_factory=dict)
    allow_anonymous_registrations: bool = Field(
        default=True, description="Else only who comes by the personal link of a message can register."
    )
    multi_attendee: bool = Field(default=True, description="Whether one submission may register several people.")
    create_leads: bool = Field(default=True, description="Makes one lead of each contact that registers (EVT-13).")
    matching: Matching = Matching.EMAIL
    owner_id: Id | None = None
    fields: Annotated[list[RegistrationField], Field(max_length=20)] = Field(default_factory=list)
    allowed_origins: Annotated[
        list[
            Annotated[str, Field(max_length=200, pattern=r"^(https://|http://localhost|http://127\.0\.0\.1)[^/\s]*$")]
        ],
        Field(max_length=20, description="Whose pages may register people, such as https://www.example.com."),
    ] = Field(default_factory=list)


Answer = str | int | float | bool | list[str] | None
Typed = Annotated[dict[str, Answer], Field(max_length=60)]


class RegistrationRequest(Schema):
    """One submission: a registration for each attendee, the first of whom registers the others (EVT-12).

    An attendee is first_name, last_name, email, phone, company_name, job_title, and the answers to what the event asks.
    """

    attendees: Annotated[list[Typed], Field(min_length=1, max_length=MOST_ATTENDEES)]
    invitation: Annotated[str, Field(max_length=1000, description="`v` of a message's personal link.")] | None = None


class EventLink(Schema):
    """The personal link of a message, by which somebody came to the page of an event."""

    v: Annotated[str, Field(max_length=1000)] | None = None


class AttendeeResult(Schema):
    """What came of one attendee: registered, or refused for want of a seat."""

    registration_id: str
    state: str
    message: str


class RegistrationResult(Schema):
    """What came of a submission."""

    submission_id: str
    attendees: list[AttendeeResult]


class NewRegistration(Schema):
    """An event that a user registers a contact for, whatever seats there are (EVT-9)."""

    event_id: Id
    answers: Typed = Field(default_factory=dict)
    role: Role = Role.ATTENDEE


class RegistrationChange(Schema):
    """What changes of a registration, one thing at a time: that it is canceled, that somebody came or left, or fields.

    Fields that are not named stay; answers are replaced as a whole. `at` is when somebody came or left, else now.
    """

    canceled: Literal[True] | None = None
    checked_in: Literal[True] | None = None
    checked_out: Literal[True] | None = None
    at: AwareDatetime | None = None
    role: Role | None = None
    answers: Typed | None = None

    @property
    def happened(self) -> list[str]:
        """What is told that happened."""
        return [name for name in ("canceled", "checked_in", "checked_out") if getattr(self, name)]

    @property
    def fields(self) -> dict[str, Any]:
        return {name: each for name in ("role", "answers") if (each := getattr(self, name)) is not None}


class CheckInView(Schema):
    """Somebody was there: from when, until when."""

    type: Literal["event", "session"] = "event"
    in_at: datetime
    out_at: datetime | None = None
    checked_in_by: str | None = None


class RegistrationView(Schema):
    """A registration; `qr_code` is what its QR code says (EVT-6)."""

    id: str
    event_id: str
    state: str
    contact_id: str | None = None
    lead_id: str | None = None
    role: str
    submission_id: str
    attendee: int
    registered_by: str | None = None
    owner_id: str | None = None
    qr_code: str
    gathered: dict[str, str] = Field(default_factory=dict, description="What was typed about the person.")
    answers: dict[str, Answer] = Field(default_factory=dict)
    registered_at: datetime
    canceled_at: datetime | None = None
    canceled_by: str | None = None
    check_ins: list[CheckInView] = Field(default_factory=list)
    version: int


class RegistrationsQuery(ListQuery):
    """The registrations for an event, newest first, or those who got no seat."""

    event_id: Id
    state: Literal["refused"] | None = None


class Registrations(Schema):
    """A page of the registrations for an event, and its figures; counts are shown up to 50,000."""

    items: list[RegistrationView]
    next_cursor: str | None = None
    registration_count: int
    check_in_count: int
    seats_left: int | None = None


class EventSummary(Schema):
    """What an event is, as a contact's list shows it."""

    id: str
    name: str
    type: str = ""
    format: str
    location: str = ""
    readable_id: str | None = None
    starts_at: datetime
    ends_at: datetime
    time_zone: str


class EventOfContact(Schema):
    """An event that a contact registered for, what was gathered then, and whether it came (CON-7, CON-8)."""

    event: EventSummary
    registration: RegistrationView
