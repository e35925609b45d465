"""Business processes as users write them, and as they are shown."""

from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.conditions.durations import DurationText
from chalicelib.conditions.schemas import Condition
from chalicelib.http import Schema
from chalicelib.leads.actions import QUEUE, AssignTo
from chalicelib.leads.process import Event, Flag, Queue

Id = Annotated[str, Field(min_length=1, max_length=64)]
QueueOrUser = Annotated[str, Field(min_length=1, max_length=64 - len(QUEUE))]
"""A queue becomes an owner by the word before it, and owners are ids."""
StageId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", examples=["inquiry"])]
FieldName = Annotated[str, Field(min_length=1, max_length=64, examples=["owner_id"])]
Said = Annotated[str, Field(max_length=500)]
Zone = Annotated[str, Field(max_length=64)]
MOST_STAGES = 30
MOST_ACTIONS = 5


class TaskAction(Schema):
    """Make a task about the lead: for its owner, for a user, or for whoever takes it from a queue."""

    kind: Literal["create_task"]
    subject: Annotated[str, Field(min_length=1, max_length=200)]
    details: Annotated[str, Field(max_length=2000)] | None = None
    due_in: DurationText | None = None
    assign_to: AssignTo = AssignTo.LEAD_OWNER
    to: QueueOrUser | None = None


class NotifyAction(Schema):
    """Send a live email to addresses of your own staff, rendered for the lead's contact."""

    kind: Literal["notify"]
    email_id: Id
    addresses: Annotated[list[Annotated[str, Field(max_length=320)]], Field(min_length=1, max_length=5)]


class TriggerAction(Schema):
    """Raise a live trigger for the lead's contact."""

    kind: Literal["raise_trigger"]
    trigger_id: Id
    attributes: Annotated[dict[str, Any], Field(max_length=29, default_factory=dict)]


AnyAction = Annotated[TaskAction | NotifyAction | TriggerAction, Field(discriminator="kind")]


class StageDocument(Schema):
    """A stage: what supports it, what a lead needs to leave it or to enter it, and what entering causes."""

    id: StageId
    name: Annotated[str, Field(min_length=1, max_length=100)]
    fields: Annotated[list[FieldName], Field(max_length=50, default_factory=list)]
    required: Annotated[list[FieldName], Field(max_length=50, default_factory=list)]
    entry: Said = ""
    exit: Said = ""
    entry_condition: Condition | None = None
    exit_condition: Condition | None = None
    queue: Queue | None = None
    accepts: Literal[Flag.TELEPROSPECT_ACCEPTED, Flag.SALES_ACCEPTED] | None = None
    actions: Annotated[list[AnyAction], Field(max_length=MOST_ACTIONS, default_factory=list)]


class MoveDocument(Schema):
    """What moves a lead by itself; without `only_from` it does so from every earlier stage."""

    on: Event
    to: StageId
    only_from: Annotated[list[StageId], Field(max_length=MOST_STAGES, default_factory=list)]


class HandOverDocument(Schema):
    """Being marked gives a lead to another process."""

    on: Literal[
        Event.TELEPROSPECT_READY, Event.TELEPROSPECT_ACCEPTED, Event.SALES_READY, Event.SALES_ACCEPTED
    ]  # fmt: skip
    process_id: Id
    stages: Annotated[dict[StageId, StageId], Field(max_length=MOST_STAGES, default_factory=dict)]


class ProcessDocument(Schema):
    """A business process of leads: its stages in order, what moves leads by itself, and where it hands them over."""

    description: Annotated[str, Field(max_length=2000)] = ""
    time_zone: Zone = "UTC"
    stages: Annotated[list[StageDocument], Field(max_length=MOST_STAGES, default_factory=list)]
    moves: Annotated[list[MoveDocument], Field(max_length=100, default_factory=list)]
    returned_to: StageId | None = None
    hand_over: HandOverDocument | None = None


class StageView(Schema):
    """A stage of the business process."""

    number: int
    stage: str
    name: str
    fields: list[str]
    required: list[str]
    entry: str
    exit: str
    queue: Queue | None = None
    accepts: Flag | None = None


class ProcessView(Schema):
    """A business process of leads."""

    id: str
    name: str
    version: int
    stages: list[StageView]


class ShippedProcessView(ProcessView):
    """The process that is always there, also as the document that one's own may begin with."""

    document: ProcessDocument


class LeadProcessView(ProcessView):
    """A lead's process and where the lead stands in it: at which stage, and what keeps it from completing it."""

    stage: str
    waiting_stage: str | None = None
    missing: list[dict[str, str]]


class SwitchProcess(Schema):
    """The process that a lead goes over to; a stage keeps its id there, unless `stages` says another one."""

    process_id: Id
    stages: Annotated[dict[StageId, StageId], Field(max_length=MOST_STAGES, default_factory=dict)]
    why: Annotated[str, Field(max_length=500)] = ""
