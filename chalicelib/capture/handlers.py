"""The queue that finishes submissions, and the router of the capture table.

What finishing needs is imported when it is called, so that other functions never load it.
"""

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent, SQSEvent

from chalicelib.capture.facts import facts_of
from chalicelib.clock import now
from chalicelib.queues import Message, consume
from chalicelib.streams import route

handlers = Blueprint("app")  # the module Lambda imports, see app.py


@handlers.on_dynamodb_record(stream_arn="PLACEHOLDER")
def route_capture(event: DynamoDBEvent) -> None:
    route(event.to_dict(), facts_of)


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=10)
def finish_submissions(event: SQSEvent) -> dict[str, Any]:
    return consume(event.to_dict(), _finish)


def _finish(message: Message) -> None:
    from chalicelib.capture import pending, visiting

    if message["fact"] == "visitor.named":
        visiting.bind(message["visitor"], message["contact"], now())
    elif "visitor" in message:
        visiting.credit(message, now())
    else:
        pending.finish(message["id"], now())
