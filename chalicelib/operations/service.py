"""Use cases of those who run it: what waits and for how long, what was set aside, doing everything once more."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from msgspec import Struct

from chalicelib import queues
from chalicelib.agenda import agendas, oldest_due
from chalicelib.audit.witness import tell
from chalicelib.capture.linkedin import connections as linkedin
from chalicelib.capture.linkedin import standing
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.definitions.models import Job
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.errors import NotFound

RESYNC, RESYNC_LEADS = "resync", "resync-leads"
QUEUES = (
    "business",
    "children",
    "confirm",
    "count",
    "digest",
    "email-events",
    "enrol",
    "jobs",
    "leads-work",
    "linkedin",
    "membership",
    "rescore",
    "send",
    "sent",
    "submissions",
    "sweep",
    "verdict",
    "wake",
)
SETTING_ASIDE = (
    "capture",
    "consent",
    "contacts",
    "definitions",
    "email-events",
    "insights",
    "interactions",
    "journeys",
    "leads",
    "linkedin",
    "messages",
    "registrations",
    "scoring",
    "segments",
)
"""What has a dead-letter queue of its own, `<name>-dead`."""

REDRIVEN = "redriven"
MOST_SHOWN = 50
MOST_MOVED = 100


class Waiting(Struct, frozen=True):
    """A kind of due work, and since when the oldest of it is due (an instant to come: nothing is late)."""

    work: str
    queue: str
    oldest_due: datetime | None
    overdue_seconds: float


def due_work(now: datetime) -> list[Waiting]:
    """Return every kind of due work with the age of what has been due longest."""
    found = [(agenda, oldest_due(agenda.by_due, agenda.work)) for agenda in agendas]
    return [Waiting(agenda.work, agenda.queue, oldest, _age(oldest, now)) for agenda, oldest in found]


def _age(oldest: datetime | None, now: datetime) -> float:
    return 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())


def depths() -> dict[str, int]:
    """Return about how many messages wait, by queue."""
    return {queue: queues.waiting(queue) for queue in QUEUES}


def dead_letters() -> dict[str, int]:
    """Return about how many messages were set aside, by domain."""
    return {domain: queues.waiting(f"{domain}-dead") for domain in SETTING_ASIDE}


class Connected(Struct, frozen=True):
    """A connection to another system: how it stands, and what somebody should look at."""

    id: str
    name: str
    state: str
    warnings: list[str]


def connections(now: datetime) -> list[Connected]:
    """Return how every connection to LinkedIn stands."""
    return [
        Connected(each.connection_id, each.name, standing.state_of(each), standing.warnings_of(each, now))
        for each in linkedin.every()
    ]


def letters_of(domain: str) -> tuple[int, Sequence[queues.Dead]]:
    """Return about how many messages a domain has set aside, and some of them, oldest first. Raises NotFound."""
    dead = _dead(domain)
    return queues.waiting(dead), queues.peek(dead, MOST_SHOWN)


def redrive(domain: str) -> tuple[int, int]:
    """Give messages that were set aside to their queues again; returns how many moved and how many stayed."""
    dead = _dead(domain)
    tell(f"dead-letters#{domain}", REDRIVEN)
    return queues.redrive(dead, QUEUES, MOST_MOVED)


def _dead(domain: str) -> str:
    if domain not in SETTING_ASIDE:
        raise NotFound(f"Only these set messages aside: {', '.join(SETTING_ASIDE)}.")
    return f"{domain}-dead"


def resync(job_id: str, now: datetime) -> Job:
    """Start the job that has every reaction look at everybody again. The same id again returns the first one's job."""
    with suppress(ConditionFailed):
        commit(
            jobs.plan(job_id, JobWanted(RESYNC, delay=0), now),
            jobs.plan(f"{job_id}-leads", JobWanted(RESYNC_LEADS, delay=0), now),
        )
    return jobs.get(job_id)
