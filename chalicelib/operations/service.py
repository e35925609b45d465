"""Use cases: how overdue is the work, what lies in dead letters, look at everything again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib import queues
from chalicelib.agenda import agendas, oldest_due
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.definitions.models import Job
from chalicelib.dynamodb import commit
from chalicelib.errors import NotFound

DOMAINS = (
    "capture",
    "consent",
    "contacts",
    "definitions",
    "insights",
    "interactions",
    "journeys",
    "leads",
    "messages",
    "scoring",
    "segments",
)
"""The domains that have dead letters: `<domain>-dead`."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """A kind of due work: when the oldest is or was due (None: nothing waits), and what its queue holds."""

    work: str
    oldest_due: datetime | None
    seconds_overdue: float
    queued: int


def overdue(now: datetime) -> list[Overdue]:
    """Return, for each kind of due work, how long the oldest has been due (invariant 4)."""
    return [_overdue(agenda.work, oldest_due(agenda.by_due, agenda.work), agenda.queue, now) for agenda in agendas]


def _overdue(work: str, oldest: datetime | None, queue: str, now: datetime) -> Overdue:
    late = max(0.0, (now - oldest).total_seconds()) if oldest is not None else 0.0
    return Overdue(work, oldest, late, queues.waiting(queue))


def dead_letters() -> dict[str, int]:
    """Return about how many messages lie in each domain's dead letters."""
    return {domain: queues.waiting(f"{domain}-dead") for domain in DOMAINS}


def redrive(domain: str) -> int:
    """Move up to a hundred dead letters back to the queues they came from, and return how many. Raises NotFound."""
    _require(domain)
    return queues.give_back(f"{domain}-dead", most=100)


def _require(domain: str, known: Iterable[str] = DOMAINS) -> None:
    if domain not in known:
        raise NotFound(f"There is no such domain. There are: {', '.join(known)}.")


def resync(job_id: str, now: datetime) -> Job:
    """Have every reaction look at every contact again: the cure after a long outage, and safe at any time."""
    commit(jobs.plan(f"resync-{job_id}", JobWanted("resync", delay=0), now))
    return jobs.get(f"resync-{job_id}")
