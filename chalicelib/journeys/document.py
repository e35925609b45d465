"""The journey document: who enters, what bounds it, and the graph of tiles a contact walks through."""

from collections.abc import Iterator
from datetime import time
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, NaiveDatetime, model_validator

from chalicelib.conditions.durations import DurationText
from chalicelib.conditions.schemas import Condition
from chalicelib.http import Schema, TimeZone

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
TileId = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Text = Annotated[str, Field(max_length=200)]
LongText = Annotated[str, Field(max_length=5000)]
Weekday = Annotated[int, Field(ge=1, le=7, description="1 is Monday, 7 is Sunday.")]


# Who enters --------------------------------------------------------------------------------------------------------


class AudienceItem(Schema):
    """A segment whose members are wanted, or kept out, or a subscription list whose members are wanted (JRN-30)."""

    segment: Id | None = None
    subscription_list: Id | None = None
    containment: Literal["include", "exclude"] = "include"

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.segment is None) == (self.subscription_list is None):
            raise ValueError("Name a segment or a subscription list.")
        if self.subscription_list is not None and self.containment == "exclude":
            raise ValueError("A subscription list can only be included; to keep people out, exclude a segment.")
        return self


class Segments(Schema):
    """Members of any of what is included (union) or of all of it (intersection), and of no excluded segment."""

    merge: Literal["union", "intersection"] = "union"
    items: Annotated[list[AudienceItem], Field(min_length=1, max_length=15)]

    @property
    def included(self) -> list[str]:
        return [item.segment for item in self.items if item.segment and item.containment == "include"]

    @property
    def excluded(self) -> list[str]:
        return [item.segment for item in self.items if item.segment and item.containment == "exclude"]

    @property
    def lists(self) -> list[str]:
        """The subscription lists; they are always included (SBL-4)."""
        return [item.subscription_list for item in self.items if item.subscription_list]

    @property
    def includes(self) -> bool:
        return bool(self.included or self.lists)


class Reentry(StrEnum):
    """What happens when the trigger is raised again for a contact (decision 44)."""

    EVERY_TIME = "every_time"
    ONCE = "once"
    NOT_WHILE_INSIDE = "not_while_inside"
    PER_KEY = "per_key"


class TriggerStart(Schema):
    """The trigger that starts the journey."""

    trigger: Id
    reentry: Reentry = Reentry.EVERY_TIME
    key: Annotated[str, Field(max_length=100, description="The attribute of per_key.")] | None = None


class Pipeline(Schema):
    """A form whose senders begin at a tile of their own, once for each day on which they send it."""

    form: Id
    first: TileId


class Audience(Schema):
    """Who enters: members of segments, those who submit a form (JRN-31), or those for whom a trigger is raised."""

    segments: Segments | None = None
    forms: Annotated[list[Id], Field(max_length=20)] = Field(default_factory=list)
    pipelines: Annotated[
        list[Pipeline],
        Field(max_length=20, description="Forms with a way of their own each; who sends one again enters again."),
    ] = Field(default_factory=list)
    trigger: TriggerStart | None = None

    @property
    def by_forms(self) -> bool:
        return bool(self.forms or self.pipelines)

    def first_of(self, form: str | None) -> str | None:
        """Return where those begin who sent a form with a way of its own."""
        return next((each.first for each in self.pipelines if each.form == form), None)


# Tiles -------------------------------------------------------------------------------------------------------------


class Window(Schema):
    """When contacts may be released: on some weekdays, between some hours of the journey's zone (JRN-42)."""

    weekdays: Annotated[list[Weekday], Field(max_length=7)] = Field(default_factory=list)
    opens: time | None = None
    closes: time | None = None


class Tile(Schema):
    name: Text = ""
    description: Text = ""


class Onward(Tile):
    """A tile with one way out."""

    next: TileId | None = None

    @property
    def exits(self) -> dict[str, str | None]:
        return {"next": self.next}


class EmailTile(Onward):
    """Sends a live email; `pages` and `forms` are what it links to, for conditions that come later (JRN-33)."""

    kind: Literal["email"]
    email: Id
    pages: Annotated[list[Id], Field(max_length=50)] = Field(default_factory=list)
    forms: Annotated[list[Id], Field(max_length=50)] = Field(default_factory=list)
    expires: AwareDatetime | None = None


class WaitFor(Onward):
    """Holds each contact for a time from its arrival (JRN-41)."""

    kind: Literal["wait_for"]
    duration: DurationText
    window: Window | None = None


class WaitUntil(Onward):
    """Holds everyone until a moment on the clocks of the journey's zone (JRN-41)."""

    kind: Literal["wait_until"]
    at: NaiveDatetime
    window: Window | None = None


class Did(StrEnum):
    """What an if/then tile can wait for (JRN-37)."""

    EMAIL_DELIVERED = "email_delivered"
    EMAIL_OPENED = "email_opened"
    EMAIL_CLICKED = "email_clicked"
    EMAIL_HARD_BOUNCED = "email_hard_bounced"
    EMAIL_SOFT_BOUNCED = "email_soft_bounced"
    PAGE_VISITED = "page_visited"
    PAGE_REGISTERED = "page_registered"
    FORM_VISITED = "form_visited"
    FORM_SUBMITTED = "form_submitted"
    EVENT_REGISTERED = "event_registered"
    EVENT_CANCELED = "event_canceled"
    EVENT_ATTENDED = "event_attended"


class Rule(Schema):
    """Something that belongs to an earlier tile and happened from that tile on (JRN-36, decision 26)."""

    tile: TileId
    did: Did
    link: Annotated[str, Field(max_length=2000, description="Only this link; none means any.")] | None = None
    page: Id | None = None
    form: Id | None = None
    event: Id | None = None


class IfThen(Tile):
    """Holds each contact until the rules come true (yes, at once) or the timeout has passed (no) (JRN-35)."""

    kind: Literal["if_then"]
    combine: Literal["any", "all"] = "any"
    rules: Annotated[list[Rule], Field(max_length=20)]
    timeout: DurationText
    yes: TileId | None = None
    no: TileId | None = None

    @property
    def exits(self) -> dict[str, str | None]:
        return {"yes": self.yes, "no": self.no}


class BranchWay(Schema):
    """One way out of a branch, and the condition that leads there."""

    name: Annotated[str, Field(min_length=1, max_length=50)]
    condition: Condition
    next: TileId | None = None


class Branch(Tile):
    """Sends each contact, on arrival, the first way whose condition holds, else the other way."""

    kind: Literal["branch"]
    branches: Annotated[list[BranchWay], Field(max_length=25)]
    otherwise: TileId | None = None

    @property
    def exits(self) -> dict[str, str | None]:
        return {f"branches/{at}": way.next for at, way in enumerate(self.branches)} | {"otherwise": self.otherwise}


class CreateLead(Onward):
    """Makes one new lead for the contact; never matches (JRN-60)."""

    kind: Literal["create_lead"]
    topic: Annotated[str, Field(min_length=1, max_length=200)]


class AssignTo(StrEnum):
    JOURNEY_OWNER = "journey_owner"
    CONTACT_OWNER = "contact_owner"
    USER = "user"


class TaskTile(Onward):
    """Makes a task regarding the contact and passes the contact on at once (JRN-62)."""

    kind: Literal["task"]
    subject: Annotated[str, Field(min_length=1, max_length=200)]
    details: LongText = ""
    assign_to: AssignTo = AssignTo.JOURNEY_OWNER
    user: Id | None = None
    due_in: DurationText | None = None


class RaiseTrigger(Onward):
    """Raises a custom trigger for the contact, which may start other journeys (TRG-9)."""

    kind: Literal["raise_trigger"]
    trigger: Id
    attributes: dict[str, str | int | float | bool] = Field(default_factory=dict)


Effect = EmailTile | CreateLead | TaskTile | RaiseTrigger
EFFECTS = (EmailTile, CreateLead, TaskTile, RaiseTrigger)
AnyTile = Annotated[
    EmailTile | WaitFor | WaitUntil | IfThen | Branch | CreateLead | TaskTile | RaiseTrigger,
    Field(discriminator="kind"),
]


# The journey -------------------------------------------------------------------------------------------------------


class Recurrence(Schema):
    """Everyone is processed again every so many days, so many times (JRN-16)."""

    interval_days: Annotated[int, Field(ge=1, le=3660)]
    count: Annotated[int, Field(ge=1, le=1000)]


class JourneyDocument(Schema):
    """A journey: immutable once it is published (17.2)."""

    description: LongText = ""
    purpose: Text = ""
    target: Literal["contact"] = "contact"
    owner: Id | None = None
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    time_zone: TimeZone = "UTC"
    audience: Audience = Field(default_factory=Audience)
    entry: Annotated[Literal["existing_and_new", "new_only"], Field(description="Whose turn it is at the start.")] = (
        "existing_and_new"
    )
    # JRN-15: whoever leaves a segment goes on, unless the journey says stop; of lists decision 23 has it the other way.
    left_audience: Literal["stop", "continue"] = "continue"
    left_list: Annotated[
        Literal["stop", "continue"],
        Field(
            description="What becomes of who leaves a list of the audience inside, if nothing else of it holds them."
        ),
    ] = "stop"
    content_settings: Id | None = None
    suppression_segment: Id | None = None
    minimum_consent: Annotated[int, Field(ge=1, le=5)] | None = None
    minimum_external_consent: Annotated[
        int | None,
        Field(ge=1, le=5, description="Stops whom the external consent system puts below, or says nothing of."),
    ] = None
    recurrence: Recurrence | None = None
    serves_rights: Annotated[
        bool, Field(description="Serves what people demand of their data: also those who had its use restricted.")
    ] = False
    first: TileId | None = None
    tiles: Annotated[dict[TileId, AnyTile], Field(max_length=100)] = Field(default_factory=dict)

    @property
    def starts(self) -> list[str]:
        """The tiles at which people begin."""
        first = [self.first] if self.first is not None else []
        return [*first, *(each.first for each in self.audience.pipelines)]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def exits(self, tile: str) -> Iterator[tuple[str, str]]:
        """Yield the ways out of a tile that lead to another: where they stand in the document, and where they lead."""
        for place, target in self.tiles[tile].exits.items():
            if target is not None:
                yield place, target
