"""Bulk jobs: the queue that starts them, the tasks of the bulk machine, the router of the definitions table."""

from datetime import timedelta
from typing import Any

from chalice.app import Blueprint, DynamoDBEvent, SQSEvent

from chalicelib.clock import now
from chalicelib.definitions import jobs
from chalicelib.definitions.facts import facts_of
from chalicelib.interactions.router import route
from chalicelib.queues import Message, consume, send

handlers = Blueprint("app")  # the module Lambda imports, see app.py

SOON = timedelta(minutes=15)


@handlers.on_dynamodb_record(stream_arn="PLACEHOLDER")
def route_definitions(event: DynamoDBEvent) -> None:
    route(event.to_dict(), facts_of)


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=10)
def start_jobs(event: SQSEvent) -> dict[str, Any]:
    return consume(event.to_dict(), _start)


def _start(message: Message) -> None:
    job = jobs.get(message["id"])
    if job.due is not None and job.state == jobs.JobState.WAITING and job.due > now():
        wait = job.due - now()
        if wait <= SOON:
            send("jobs", [{"id": job.job_id}], delay=max(1, round(wait.total_seconds())))
        return
    attempt = jobs.begin(job.job_id, now())
    if attempt is not None:
        jobs.start(job.job_id, attempt)


@handlers.lambda_function()
def work_slice(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """Do a page of a slice: {"job", "slice"} → the same and whether the slice has ended."""
    return {**event, "ended": jobs.work_slice(event["job"], event["slice"], now())}


@handlers.lambda_function()
def finish_job(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """End a job, or keep why it failed: {"job", "reason"?} → whether it has ended."""
    if "reason" in event:
        jobs.set_aside(event["job"], event["reason"])
        return {"ended": False}
    return {"ended": jobs.finish(event["job"], now())}
