"""The router of the consent table, and the queue that keeps children children as long as they are."""

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent, SQSEvent

from chalicelib.clock import now
from chalicelib.consent import children
from chalicelib.consent.facts import facts_of
from chalicelib.queues import consume
from chalicelib.streams import route

handlers = Blueprint("app")  # the module Lambda imports, see app.py


@handlers.on_dynamodb_record(stream_arn="PLACEHOLDER")
def route_consent(event: DynamoDBEvent) -> None:
    route(event.to_dict(), facts_of)


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=10)
def guard_children(event: SQSEvent) -> dict[str, Any]:
    return consume(event.to_dict(), lambda message: children.look(message["contact"], now()))
