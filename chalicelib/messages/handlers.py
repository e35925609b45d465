"""The functions of mail: the table's router, the sender, what became of sends, the provider's events, verdicts.

What each needs is imported when it is called, so that other functions never load it.
"""

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent, SQSEvent

from chalicelib.clock import new_id, now
from chalicelib.messages.facts import ASKED, facts_of
from chalicelib.queues import Message, consume
from chalicelib.streams import route

handlers = Blueprint("app")  # the module Lambda imports, see app.py

Answer = dict[str, Any]


@handlers.on_dynamodb_record(stream_arn="PLACEHOLDER")
def route_messages(event: DynamoDBEvent) -> None:
    route(event.to_dict(), facts_of)


@handlers.on_sqs_message(queue_arn="PLACEHOLDER")
def send_messages(event: SQSEvent) -> Answer:
    return consume(event.to_dict(), _take_up)


def _take_up(message: Message) -> None:
    from chalicelib.messages import sender
    from chalicelib.messages.optin import mailing

    if message.get("fact") == ASKED:
        mailing.take_up(message["address"], message["id"], now(), new_id())
    else:
        sender.take_up(send_id_of(message), now(), new_id())


def send_id_of(message: Message) -> str:
    """Return the send that a fact names, or that the agenda found due."""
    return str(message["id"] if "id" in message else message["pk"]).removeprefix("SEND#")


@handlers.on_sqs_message(queue_arn="PLACEHOLDER")
def record_sends(event: SQSEvent) -> Answer:
    from chalicelib.messages import sent

    return consume(event.to_dict(), lambda message: sent.record(message["id"], now()))


@handlers.on_sqs_message(queue_arn="PLACEHOLDER")
def receive_email_events(event: SQSEvent) -> Answer:
    from chalicelib.messages import feedback

    return consume(event.to_dict(), lambda message: feedback.receive(message, now()))


@handlers.on_sqs_message(queue_arn="PLACEHOLDER")
def decide_verdicts(event: SQSEvent) -> Answer:
    from chalicelib.messages import tracking

    return consume(event.to_dict(), lambda message: tracking.decide(message["contact"], message["sk"], now()))


@handlers.on_sqs_message(queue_arn="PLACEHOLDER")
def confirm_verdicts(event: SQSEvent) -> Answer:
    from chalicelib.messages import tracking

    return consume(event.to_dict(), lambda message: tracking.confirm_human(message["contact"], now()))
