"""The router of the contacts table, and the queue of what deleted contacts, accounts and leads leave behind."""

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent, SQSEvent

from chalicelib.clock import now
from chalicelib.contacts import deletion
from chalicelib.contacts.facts import facts_of
from chalicelib.queues import Message, consume
from chalicelib.streams import route

handlers = Blueprint("app")  # the module Lambda imports, see app.py


@handlers.on_dynamodb_record(stream_arn="PLACEHOLDER")
def route_contacts(event: DynamoDBEvent) -> None:
    route(event.to_dict(), facts_of)


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=10)
def sweep_contacts(event: SQSEvent) -> dict[str, Any]:
    return consume(event.to_dict(), _sweep)


def _sweep(fact: Message) -> None:
    if (other := deletion.others.get(fact["fact"])) is not None:
        other(fact["id"], now())
    elif "contact" in fact:
        deletion.sweep(fact["contact"], now())
    else:
        deletion.sweep_account(fact["account"] if fact["fact"] == "due" else fact["id"], now())
