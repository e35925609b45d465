"""The router of the interactions table, and the queue of what is to be digested."""

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent, SQSEvent

from chalicelib.clock import now
from chalicelib.interactions import digesting
from chalicelib.interactions.facts import facts_of
from chalicelib.interactions.reading import QUEUE
from chalicelib.queues import Message, consume, send
from chalicelib.streams import route

handlers = Blueprint("app")  # the module Lambda imports, see app.py


@handlers.on_dynamodb_record(stream_arn="PLACEHOLDER")
def route_interactions(event: DynamoDBEvent) -> None:
    route(event.to_dict(), facts_of)


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=10)
def digest_interactions(event: SQSEvent) -> dict[str, Any]:
    return consume(event.to_dict(), _digest)


def _digest(message: Message) -> None:
    """Take a bounded part of it into digests; what is left is another message's."""
    if digesting.digest(message["contact"], message["type"], now()):
        send(QUEUE, [message])
