"""What entering a stage causes: a task, a message to one's own staff, a trigger; values only, nothing is done here."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from chalicelib.conditions.durations import Duration


class AssignTo(StrEnum):
    """Whose a task becomes: the lead's owner, a named user, or nobody's yet, who takes it from a queue."""

    LEAD_OWNER = "lead_owner"
    USER = "user"
    QUEUE = "queue"


class CreateTask(Struct, frozen=True):
    """Something for somebody to do about the lead."""

    subject: str
    details: str | None = None
    due_in: Duration | None = None
    assign_to: AssignTo = AssignTo.LEAD_OWNER
    to: str | None = None
    """The user, or the queue."""


class Notify(Struct, frozen=True):
    """A live email to addresses of one's own staff, rendered for the lead's contact."""

    email_id: str
    addresses: tuple[str, ...]


class RaiseTrigger(Struct, frozen=True):
    """A live trigger, raised for the lead's contact."""

    trigger_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


Action = CreateTask | Notify | RaiseTrigger

QUEUE = "queue:"
"""How the owner of a task begins that lies in a queue, such as queue:sales."""


def owner_of(task: CreateTask, lead_owner: str | None) -> str | None:
    """Return whose a task becomes; where the lead has no owner, nobody's."""
    return {AssignTo.LEAD_OWNER: lead_owner, AssignTo.USER: task.to, AssignTo.QUEUE: f"{QUEUE}{task.to}"}[
        task.assign_to
    ]
