"""Bulk work: one job, 16 slices, each with a cursor; resumable, cancellable, watched by its agenda row."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct

from chalicelib.agenda import due_shard
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.definitions.models import DefinitionsItem, Job, Slice
from chalicelib.dynamodb import (
    SHARDS,
    ConditionFailed,
    Key,
    Write,
    commit,
    put_new,
    read,
    update,
)
from chalicelib.errors import Conflict, NotFound
from chalicelib.settings import settings

WORK = "job"
ASIDE = "job-set-aside"  # the agenda's shelf for what a person must look at; nobody polls it

Pages = Callable[[Mapping[str, Any], int, str | None], tuple[Sequence[str], str | None]]
"""arguments, slice 0 to 15, cursor → ids, and the next cursor (None: the slice has no more)."""

Act = Callable[[Mapping[str, Any], Sequence[str], datetime], object]
"""arguments, ids, now: does the work for a page of ids; safe to repeat."""


class Work(Struct, frozen=True):
    """A kind of bulk work: how to enumerate, what to do with what is found, and what once all is done.

    `room` says whether whoever it hands its ids to can take more; until then the slices pause.
    """

    pages: Pages
    act: Act
    done: Callable[[Mapping[str, Any]], object] = lambda _: None
    room: Callable[[], bool] = lambda: True


works: dict[str, Work] = {}
"""Every kind of bulk work by name; chalicelib.wiring fills it."""


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    SET_ASIDE = "set-aside"


ENDED = {JobState.DONE, JobState.CANCELLED}


def plan(job_id: str, wanted: JobWanted, now: datetime) -> list[Write]:
    """Return the write that makes a job; it may begin when no process remembers what was live before."""
    delay = int(settings.job_delay_seconds) if wanted.delay is None else wanted.delay
    job = Job(
        *Job.at(job_id),
        job_id=job_id,
        work=wanted.work,
        arguments=dict(wanted.arguments),
        rate=wanted.rate,
        state=JobState.WAITING,
        created_at=now,
        due_shard=due_shard(WORK, job_id),
        due=now + timedelta(seconds=delay),
    )
    return [put_new(job)]


def get(job_id: str) -> Job:
    """Return a job. Raises NotFound."""
    job = Job.find(*Job.at(job_id))
    if job is None:
        raise NotFound("There is no job of this id.")
    return job


def slices(job_id: str) -> list[Slice]:
    return [each for each in read(Key(Slice, *Slice.at(job_id, number)) for number in range(SHARDS)) if each]


def resume(job_id: str, now: datetime) -> Job:
    """Let a job that was set aside begin again where it stopped. Raises Conflict if it was not, NotFound."""
    write = update(
        Key(Job, *Job.at(job_id)),
        Job.state.set(JobState.WAITING),
        Job.fruitless.set(0),
        Job.due.set(now),
        Job.due_shard.set(due_shard(WORK, job_id)),
        Job.reason.remove(),
        Job.version.add(1),
        condition=Job.state == JobState.SET_ASIDE,
    )
    return _changed(write, Conflict("Only a job that was set aside can be resumed."))


def cancel(job_id: str, now: datetime) -> Job:
    """Stop a job; what it has done stays done. Raises Conflict if it has ended, NotFound."""
    return ended(job_id, JobState.CANCELLED, now)


def ended(job_id: str, state: JobState, now: datetime) -> Job:
    """End a job in a state from which nothing leads on. Raises Conflict if it has ended, NotFound."""
    write = update(
        Key(Job, *Job.at(job_id)),
        Job.state.set(state),
        Job.ended_at.set(now),
        Job.due.remove(),
        Job.due_shard.remove(),
        Job.version.add(1),
        condition=Job.state.is_in(JobState.WAITING, JobState.RUNNING, JobState.SET_ASIDE),
    )
    return _changed(write, Conflict("This job has ended already."))


def _changed(write: Write, otherwise: Conflict) -> Job:
    """Make a change of state and return the job. Raises NotFound, or `otherwise` where its state does not allow it."""
    try:
        commit([write])
    except ConditionFailed as failed:
        if failed.failures[0].item is None:
            raise NotFound("There is no job of this id.") from failed
        raise otherwise from failed
    return get(write.key.pk.removeprefix("JOB#"))


def of_index(by_index: Any, name: str, identity: Callable[[Any], str], most: int = 100) -> Pages:
    """Enumerate a sharded index: slice n is its partition `<name>#n`."""

    def pages(_: Mapping[str, Any], number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
        found = by_index.query(
            f"{name}#{number}", limit=most, page_size=most, last_evaluated_key=json.loads(cursor) if cursor else None
        )
        ids = [identity(item) for item in found]
        return ids, json.dumps(found.last_evaluated_key) if found.last_evaluated_key else None

    return pages


def unfinished() -> list[Job]:
    """Return the jobs that have not ended, those set aside too, from the agenda (keys read, then the rows)."""
    shelves = [f"{work}#{number}" for work in (WORK, ASIDE) for number in range(SHARDS)]
    keys = [Key(Job, item.pk, item.sk) for shelf in shelves for item in DefinitionsItem.by_due.query(shelf)]
    return [job for job in read(keys) if job]
