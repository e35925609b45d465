"""What those who run it get to see; never what a message holds."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from chalicelib.http import Schema


class Up(Schema):
    """It answers."""

    status: str


class WaitingView(Schema):
    """A kind of due work: since when the oldest of it is due, and by how much that is late."""

    work: str
    queue: str
    oldest_due: datetime | None
    overdue_seconds: float


class QueueView(Schema):
    """About how many messages wait."""

    name: str
    waiting: int


class ConnectedView(Schema):
    """A connection to another system, and what somebody should look at."""

    id: str
    name: str
    state: str
    warnings: list[str]


class HealthView(Schema):
    """What waits, what was set aside, and how connections to other systems stand."""

    due_work: list[WaitingView]
    queues: list[QueueView]
    dead_letters: list[QueueView]
    connections: list[ConnectedView]


class DeadLetterView(Schema):
    """A message that was set aside: of which queue (null: a stream's batch), since when, after how many tries."""

    id: str
    source: str | None
    sent_at: datetime
    receives: int


class DeadLetters(Schema):
    """About how many messages were set aside, and some of them, oldest first."""

    waiting: int
    items: list[DeadLetterView]


class Redriven(Schema):
    """How many messages went back to their queues, and how many stayed because they came from none."""

    moved: int
    stayed: int


class RecountRequest(Schema):
    """Which seventh of the leads to recount, 0 to 6; all where nothing is said."""

    part: Annotated[int, Field(strict=True, ge=0, le=6)] | None = None
