"""Bulk work: one job, 16 slices, each with a cursor; resumable, cancellable, watched by its agenda row."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from chalicelib.agenda import due_shard
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.definitions.models import DefinitionsItem, Job, Slice
from chalicelib.dynamodb import SHARDS, ConditionFailed, Key, Write, commit, put_changed, put_new, read
from chalicelib.errors import Conflict, NotFound
from chalicelib.settings import settings

WORK = "job"
PATIENCE = timedelta(minutes=20)  # until a job that did not report is started again
MOST_ATTEMPTS = 20

Pages = Callable[[Mapping[str, Any], int, str | None], tuple[Sequence[str], str | None]]
"""arguments, slice 0 to 15, cursor → ids, and the next cursor (None: the slice has no more)."""

Act = Callable[[Mapping[str, Any], Sequence[str], datetime], object]
"""arguments, ids, now: does the work for a page of ids; safe to repeat."""


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of bulk work: how to enumerate, what to do with what is found, and what once all is done."""

    pages: Pages
    act: Act
    done: Callable[[Mapping[str, Any]], object] = lambda _: None


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


def begin(job_id: str, now: datetime) -> int | None:
    """Take a job up, first or again, and return the number of the attempt; None if it has ended or is not due yet.

    The due moves into the future: if the machine does not report until then, the agenda starts it again.
    """
    job = Job.find(*Job.at(job_id))
    if job is None or job.state in ENDED | {JobState.SET_ASIDE} or job.due is None or job.due > now:
        return None
    job.attempts, job.state, job.due = job.attempts + 1, JobState.RUNNING, now + PATIENCE
    if job.attempts > MOST_ATTEMPTS:
        job.state, job.due, job.due_shard = JobState.SET_ASIDE, None, None
        job.reason = f"It was started {MOST_ATTEMPTS} times without coming to an end."
    try:
        commit([put_changed(job)])
    except Conflict:
        return None
    return job.attempts if job.state == JobState.RUNNING else None


def work_slice(job_id: str, number: int, now: datetime) -> bool:
    """Do one page of a slice and remember how far it came. Returns whether the slice has ended."""
    job = get(job_id)
    if job.state != JobState.RUNNING:
        return True
    progress = Slice.find(*Slice.at(job_id, number)) or Slice(*Slice.at(job_id, number), number=number)
    if progress.finished:
        return True
    work = works[job.work]
    ids, cursor = work.pages(job.arguments, number, progress.cursor)
    if ids:
        work.act(job.arguments, ids, now)
    fresh = progress.version == 0
    progress.cursor, progress.done, progress.finished = cursor, progress.done + len(ids), int(cursor is None)
    if fresh:
        progress.version = 1
    try:
        commit([put_new(progress) if fresh else put_changed(progress)])
    except (ConditionFailed, Conflict):
        return False  # another run of the same slice was quicker: read its cursor and go on from there
    return cursor is None


def finish(job_id: str, now: datetime) -> bool:
    """End a job whose slices have all ended. Returns whether it has ended; if not, the agenda starts it again."""
    job = get(job_id)
    if job.state in ENDED:
        return True
    finished = slices(job_id)
    if len(finished) < SHARDS or not all(each.finished for each in finished):
        return False
    works[job.work].done(job.arguments)
    _end(job, JobState.DONE, now)
    return True


def cancel(job_id: str, now: datetime) -> Job:
    """Stop a job; what it has done stays done. Raises Conflict if it has ended."""
    job = get(job_id)
    if job.state in ENDED:
        raise Conflict("This job has ended already.")
    _end(job, JobState.CANCELLED, now)
    return job


def resume(job_id: str, now: datetime) -> Job:
    """Let a job that was set aside begin again where it stopped. Raises Conflict if it was not."""
    job = get(job_id)
    if job.state != JobState.SET_ASIDE:
        raise Conflict("Only a job that was set aside can be resumed.")
    job.state, job.attempts, job.reason = JobState.WAITING, 0, None
    job.due, job.due_shard = now, due_shard(WORK, job_id)
    commit([put_changed(job)])
    return job


def set_aside(job_id: str, reason: str) -> None:
    """Keep why a job failed; the agenda starts it again."""
    job = get(job_id)
    if job.state not in ENDED:
        job.reason = reason[:500]
        commit([put_changed(job)])


def _end(job: Job, state: JobState, now: datetime) -> None:
    job.state, job.ended_at, job.due, job.due_shard = state, now, None, None
    commit([put_changed(job)])


def start(job_id: str, attempt: int) -> None:
    """Start the bulk machine for an attempt; the execution is named after it, so starting twice starts once."""
    from botocore.exceptions import ClientError

    try:
        _machines().start_execution(
            stateMachineArn=settings.bulk_machine_arn,
            name=f"{job_id}-{attempt}"[-80:],
            input=_input(job_id),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise


def _input(job_id: str) -> str:
    import json

    return json.dumps({"job": job_id, "slices": list(range(SHARDS))})


@cache
def _machines() -> Any:
    from botocore.session import get_session

    return get_session().create_client(
        "stepfunctions", settings.aws_region, endpoint_url=settings.aws_endpoint_url or None
    )


def of_index(by_index: Any, name: str, identity: Callable[[Any], str], most: int = 100) -> Pages:
    """Enumerate a sharded index: slice n is its partition `<name>#n`."""

    def pages(_: Mapping[str, Any], number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
        import json

        found = by_index.query(
            f"{name}#{number}", limit=most, page_size=most, last_evaluated_key=json.loads(cursor) if cursor else None
        )
        ids = [identity(item) for item in found]
        return ids, json.dumps(found.last_evaluated_key) if found.last_evaluated_key else None

    return pages


def due_jobs() -> Iterable[Job]:
    """Yield the jobs that have not ended, from the agenda (keys read, then the rows)."""
    for number in range(SHARDS):
        keys = [Key(Job, item.pk, item.sk) for item in DefinitionsItem.by_due.query(f"{WORK}#{number}")]
        yield from (job for job in read(keys) if job)
