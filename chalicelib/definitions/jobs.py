"""Bulk work: one job, 16 slices, each with a cursor; resumable, cancellable, watched by its agenda row."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
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
    put_changed,
    put_new,
    read,
    update,
)
from chalicelib.errors import Conflict, NotFound, Stale
from chalicelib.settings import settings

WORK = "job"
ASIDE = "job-set-aside"  # the agenda's shelf for what a person must look at; nobody polls it
PATIENCE = timedelta(minutes=20)  # until a job that did not report is looked at again
SILENCE = timedelta(minutes=5)  # without a page done, after which nobody is at work on it any more
PAUSE = timedelta(seconds=30)  # before a failed job is tried again; doubles with each fruitless attempt
MOST_FRUITLESS = 8  # attempts without a single page
SIDE_BY_SIDE = 4  # slices that the machine works at once (MaxConcurrency in bulk_job.asl.json)
AHEAD = timedelta(seconds=5)  # by how much a slice may be ahead of its rate; the machine waits as long (Keep the pace)

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


class Progress(Struct, frozen=True):
    """What one page of a slice came to: whether the slice has ended, and whether it must pause to keep its rate."""

    ended: bool
    paused: bool = False


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


# Starting, and starting again --------------------------------------------------------------------------------------


def begin(job_id: str, now: datetime) -> int | None:
    """Take a job up, first or again, and return the number of the attempt to start; None if there is none to start.

    The due moves into the future: if the job has not ended until then, the agenda brings it here again. An attempt that
    has begun is returned once more, for the process that began it may have died before it started the machine.
    """
    job = get(job_id)
    if job.due is None or job.state in ENDED | {JobState.SET_ASIDE}:
        return None
    if job.due > now:
        return job.attempts if job.state == JobState.RUNNING else None
    worked = max((each.worked_at for each in slices(job_id) if each.worked_at), default=None)
    _take_up(job, worked, now)
    try:
        commit([put_changed(job)])
    except Stale:
        return None  # someone else took it up at the same time
    return job.attempts if job.state == JobState.RUNNING else None


def _take_up(job: Job, worked: datetime | None, now: datetime) -> None:
    """Begin another attempt, unless a machine is still at work or too many attempts were fruitless."""
    job.due = now + PATIENCE
    if job.state == JobState.RUNNING and worked is not None and now - worked < SILENCE:
        return
    fruitful = worked is not None and job.began_at is not None and worked >= job.began_at
    job.fruitless = 1 if fruitful else job.fruitless + 1
    if job.fruitless > MOST_FRUITLESS:
        job.state, job.due, job.due_shard = JobState.SET_ASIDE, now, due_shard(ASIDE, job.job_id)
        job.reason = job.reason or "No attempt came to anything."
        return
    job.state, job.attempts, job.began_at = JobState.RUNNING, job.attempts + 1, now


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


def fail(job_id: str, reason: str, now: datetime) -> None:
    """Keep why an attempt failed, and let the agenda bring the job up again after a while."""
    job = get(job_id)
    if job.state == JobState.RUNNING:
        job.state, job.reason = JobState.WAITING, reason[:500]
        job.due = now + min(PAUSE * 2**job.fruitless, PATIENCE)
        commit([put_changed(job)])


# Working -----------------------------------------------------------------------------------------------------------


def work_page(job_id: str, number: int, now: datetime) -> Progress:
    """Do one page of a slice and remember how far it came."""
    job = get(job_id)
    if job.state != JobState.RUNNING:
        return Progress(ended=True)
    progress = Slice.find(*Slice.at(job_id, number)) or Slice(*Slice.at(job_id, number), number=number)
    if progress.finished:
        return Progress(ended=True)
    work = works[job.work]
    if _ahead(progress, now) or not work.room():
        return Progress(ended=False, paused=True)
    ids, cursor = work.pages(job.arguments, number, progress.cursor)
    if ids:
        work.act(job.arguments, ids, now)
    if job.rate:
        rested = max(now, progress.rests_until or now)
        progress.rests_until = rested + timedelta(seconds=len(ids) * SIDE_BY_SIDE / job.rate)
    ended = _remembered(progress, cursor, len(ids), now) and cursor is None
    return Progress(ended, paused=not ended and _ahead(progress, now))


def _ahead(progress: Slice, now: datetime) -> bool:
    return progress.rests_until is not None and progress.rests_until - now > AHEAD


def _remembered(progress: Slice, cursor: str | None, count: int, now: datetime) -> bool:
    """Write down how far a slice came; False if another run of it was quicker, whose cursor then counts."""
    fresh = progress.version == 0
    progress.cursor, progress.done, progress.finished = cursor, progress.done + count, int(cursor is None)
    progress.worked_at, progress.version = now, 1 if fresh else progress.version
    try:
        commit([put_new(progress) if fresh else put_changed(progress)])
    except (ConditionFailed, Stale):
        return False
    return True


def finish(job_id: str, now: datetime) -> bool:
    """End a job whose slices have all ended. Returns whether it has ended; if not, the agenda starts it again."""
    job = get(job_id)
    if job.state in ENDED:
        return True
    finished = slices(job_id)
    if len(finished) < SHARDS or not all(each.finished for each in finished):
        return False
    works[job.work].done(job.arguments)
    _end(job_id, JobState.DONE, now)
    return True


def cancel(job_id: str, now: datetime) -> Job:
    """Stop a job; what it has done stays done. Raises Conflict if it has ended, NotFound."""
    return _end(job_id, JobState.CANCELLED, now)


def _end(job_id: str, state: JobState, now: datetime) -> Job:
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


def start(job_id: str, attempt: int) -> None:
    """Start the bulk machine for an attempt; the execution is named after it, so starting twice starts once."""
    from botocore.exceptions import ClientError

    try:
        _machines().start_execution(
            stateMachineArn=settings.bulk_machine_arn,
            name=f"{job_id}-{attempt}"[-80:],
            input=json.dumps({"job": job_id, "slices": list(range(SHARDS))}),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise


@cache
def _machines() -> Any:
    from botocore.session import get_session

    return get_session().create_client(
        "stepfunctions", settings.aws_region, endpoint_url=settings.aws_endpoint_url or None
    )


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
