"""The machine's tasks, the queues that wake and enrol, the poller, the router of the journeys table."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, SQSEvent

from chalicelib.agenda import agendas
from chalicelib.clock import new_id, now
from chalicelib.journeys import bulk, engine, entry, leases, polling, raising, second, stages, waiting
from chalicelib.journeys.bursts import Task
from chalicelib.journeys.facts import facts_of
from chalicelib.leads import orphans
from chalicelib.queues import Message, consume
from chalicelib.settings import settings
from chalicelib.streams import route
from chalicelib.tokens import seal, unseal

handlers = Blueprint("app")  # the module Lambda imports, see app.py


@handlers.on_dynamodb_record(stream_arn="PLACEHOLDER")
def route_journeys(event: DynamoDBEvent) -> None:
    route(event.to_dict(), facts_of)


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=10)
def wake_enrolments(event: SQSEvent) -> dict[str, Any]:
    return consume(event.to_dict(), _wake)


def _wake(fact: Message) -> None:
    for enrolment_id, at_tile in waiting.woken_by(fact):
        task = {"enrolment": seal("burst", enrolment_id), "at_tile": at_tile, "token": new_id()}
        _machines().start_execution(stateMachineArn=settings.journey_machine_arn, input=json.dumps(task))


@cache
def _machines() -> Any:
    from botocore.session import get_session

    return get_session().create_client(
        "stepfunctions", settings.aws_region, endpoint_url=settings.aws_endpoint_url or None
    )


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=10)
def enrol_contacts(event: SQSEvent) -> dict[str, Any]:
    return consume(event.to_dict(), _enrol)


def _enrol(fact: Message) -> None:
    if fact["fact"] == "contact.merged":
        second.settle(fact["contact"], now())
    entry.hear(fact, now())


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=10)
def raise_business_triggers(event: SQSEvent) -> dict[str, Any]:
    return consume(event.to_dict(), lambda fact: raising.raise_business(fact, now()))


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=10)
def act_on_leads(event: SQSEvent) -> dict[str, Any]:
    return consume(event.to_dict(), _act)


def _act(fact: Message) -> None:
    if fact["fact"] == "lead.created":
        orphans.hear(fact, now())
    else:
        stages.act(fact, now())


@handlers.schedule("rate(1 minute)")
def poll_due(_: CloudWatchEvent) -> None:
    bulk.keep_time(now())
    polling.hand_out(agendas, now())


def _opened(task: Task, work: Callable[[Task, datetime], dict[str, Any]]) -> dict[str, Any]:
    """Do a task of the machine, which carries the enrolment sealed: an execution shows its input to whoever looks.

    Where somebody replays a task by hand, it names the enrolment.
    """
    carried = task["enrolment"]
    enrolment_id = carried if "." in carried else unseal("burst", carried)
    return {**work({**task, "enrolment": enrolment_id}, now()), "enrolment": carried}


@handlers.lambda_function()
def claim_enrolment(task: dict[str, Any], _: Any) -> dict[str, Any]:
    """Take the lease: {"enrolment", "at_tile", "token"} → the same and what comes next."""
    return _opened(task, engine.claim)


@handlers.lambda_function()
def perform_tile(task: dict[str, Any], _: Any) -> dict[str, Any]:
    """Do what the effect tile does and walk on: what the claim said → what comes next."""
    return _opened(task, engine.perform)


@handlers.lambda_function()
def rest_enrolment(task: dict[str, Any], _: Any) -> dict[str, Any]:
    """Rest until time or a fact comes, or finish; says what comes next where a fact was quicker."""
    return _opened(task, engine.rest)


@handlers.lambda_function()
def set_aside_enrolment(task: dict[str, Any], _: Any) -> dict[str, Any]:
    """Keep why a burst failed; try again later, or leave it to a user."""
    return _opened(task, leases.give_up)
