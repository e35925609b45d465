"""Bulk jobs: the queue that starts them, the tasks of the bulk machine, the router of the definitions table."""

from datetime import timedelta
from math import ceil
from typing import Any

from chalice.app import Blueprint, DynamoDBEvent, SQSEvent

from chalicelib.clock import now
from chalicelib.definitions import carrying, jobs
from chalicelib.definitions.facts import facts_of
from chalicelib.queues import Message, consume, send
from chalicelib.streams import route

handlers = Blueprint("app")  # the module Lambda imports, see app.py

SOON = timedelta(minutes=15)
ENOUGH = 15_000  # milliseconds that a page may take


@handlers.on_dynamodb_record(stream_arn="PLACEHOLDER")
def route_definitions(event: DynamoDBEvent) -> None:
    route(event.to_dict(), facts_of)


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=10)
def start_jobs(event: SQSEvent) -> dict[str, Any]:
    return consume(event.to_dict(), _start)


def _start(message: Message) -> None:
    job = jobs.get(message["id"])
    if job.state == jobs.JobState.WAITING and job.due is not None and job.due > now():
        _wait(job.job_id, job.due - now())
        return
    attempt = carrying.begin(job.job_id, now())
    if attempt is not None:
        carrying.start(job.job_id, attempt)


def _wait(job_id: str, time: timedelta) -> None:
    """Look at a job again when it is due; what is due later than a queue can wait comes by the agenda."""
    if time <= SOON:
        send("jobs", [{"id": job_id}], delay=ceil(time.total_seconds()))


@handlers.lambda_function()
def work_slice(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do pages of a slice while there is time: {"job", "slice"} → the same, whether it has ended or must pause."""
    while True:
        progress = carrying.work_page(event["job"], event["slice"], now())
        if progress.ended or progress.paused or context.get_remaining_time_in_millis() < ENOUGH:
            return {"job": event["job"], "slice": event["slice"], "ended": progress.ended, "paused": progress.paused}


@handlers.lambda_function()
def finish_job(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """End a job, or keep why it failed: {"job", "reason"} (empty: it did not) → whether it has ended."""
    if event["reason"]:
        carrying.fail(event["job"], event["reason"], now())
        return {"ended": False}
    return {"ended": carrying.finish(event["job"], now())}
