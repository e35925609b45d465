"""What an administrator sees."""

from datetime import datetime

from chalicelib.http import Schema


class Up(Schema):
    """The API answers."""

    status: str = "up"


class OverdueView(Schema):
    """A kind of due work."""

    work: str
    oldest_due: datetime | None = None
    seconds_overdue: float
    queued: int


class HealthView(Schema):
    """How overdue work is, and what lies in dead letters."""

    healthy: bool
    overdue: list[OverdueView]
    dead_letters: dict[str, int]


class Moved(Schema):
    """How many dead letters went back to their queues."""

    moved: int


class Started(Schema):
    """Bulk work that was started; see /operations/jobs/{job_id}."""

    job_id: str
