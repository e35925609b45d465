"""The queue that keeps memberships up to date, and the router of the segments table."""

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent, SQSEvent

from chalicelib.clock import now
from chalicelib.queues import Message, consume
from chalicelib.segments import service
from chalicelib.segments.facts import facts_of
from chalicelib.streams import route

handlers = Blueprint("app")  # the module Lambda imports, see app.py


@handlers.on_dynamodb_record(stream_arn="PLACEHOLDER")
def route_segments(event: DynamoDBEvent) -> None:
    route(event.to_dict(), facts_of)


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=10)
def evaluate_membership(event: SQSEvent) -> dict[str, Any]:
    return consume(event.to_dict(), _evaluate)


def _evaluate(fact: Message) -> None:
    if fact["fact"] in {"account.changed", "account.merged"}:
        service.evaluate_account(dict(fact))
    else:
        service.evaluate_contact(dict(fact), now())
