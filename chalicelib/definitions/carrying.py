"""Carries jobs out: takes them up, first or again, works their slices page by page, ends them; by the bulk machine."""

import json
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from msgspec import Struct

from chalicelib.agenda import due_shard
from chalicelib.definitions import jobs
from chalicelib.definitions.jobs import JobState
from chalicelib.definitions.models import Job, Slice
from chalicelib.dynamodb import SHARDS, ConditionFailed, commit, put_changed, put_new
from chalicelib.errors import Stale
from chalicelib.settings import settings

PATIENCE = timedelta(minutes=20)  # until a job that did not report is looked at again
SILENCE = timedelta(minutes=5)  # without a page done, after which nobody is at work on it any more
PAUSE = timedelta(seconds=30)  # before a failed job is tried again; doubles with each fruitless attempt
MOST_FRUITLESS = 8  # attempts without a single page
SIDE_BY_SIDE = 4  # slices that the machine works at once (MaxConcurrency in bulk_job.asl.json)
AHEAD = timedelta(seconds=5)  # by how much a slice may be ahead of its rate; the machine waits as long (Keep the pace)


class Progress(Struct, frozen=True):
    """What one page of a slice came to: whether the slice has ended, and whether it must pause to keep its rate."""

    ended: bool
    paused: bool = False


def begin(job_id: str, now: datetime) -> int | None:
    """Take a job up, first or again, and return the number of the attempt to start; None if there is none to start.

    The due moves into the future: if the job has not ended until then, the agenda brings it here again. An attempt that
    has begun is returned once more, for the process that began it may have died before it started the machine.
    """
    job = jobs.get(job_id)
    if job.due is None or job.state in jobs.ENDED | {JobState.SET_ASIDE}:
        return None
    if job.due > now:
        return job.attempts if job.state == JobState.RUNNING else None
    worked = max((each.worked_at for each in jobs.slices(job_id) if each.worked_at), default=None)
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
        job.state, job.due, job.due_shard = JobState.SET_ASIDE, now, due_shard(jobs.ASIDE, job.job_id)
        job.reason = job.reason or "No attempt came to anything."
        return
    job.state, job.attempts, job.began_at = JobState.RUNNING, job.attempts + 1, now


def fail(job_id: str, reason: str, now: datetime) -> None:
    """Keep why an attempt failed, and let the agenda bring the job up again after a while."""
    job = jobs.get(job_id)
    if job.state == JobState.RUNNING:
        job.state, job.reason = JobState.WAITING, reason[:500]
        job.due = now + min(PAUSE * 2**job.fruitless, PATIENCE)
        commit([put_changed(job)])


def work_page(job_id: str, number: int, now: datetime) -> Progress:
    """Do one page of a slice and remember how far it came."""
    job = jobs.get(job_id)
    if job.state != JobState.RUNNING:
        return Progress(ended=True)
    progress = Slice.find(*Slice.at(job_id, number)) or Slice(*Slice.at(job_id, number), number=number)
    if progress.finished:
        return Progress(ended=True)
    work = jobs.works[job.work]
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
    job = jobs.get(job_id)
    if job.state in jobs.ENDED:
        return True
    finished = jobs.slices(job_id)
    if len(finished) < SHARDS or not all(each.finished for each in finished):
        return False
    jobs.works[job.work].done(job.arguments)
    jobs.ended(job_id, JobState.DONE, now)
    return True


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
