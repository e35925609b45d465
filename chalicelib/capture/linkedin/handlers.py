"""The queue of what LinkedIn tells and of the pulls that are due.

What it needs is imported when it is called, so that other functions never load it.
"""

from typing import Any

from chalice.app import Blueprint, SQSEvent

from chalicelib.clock import now
from chalicelib.observability import logger
from chalicelib.queues import Message, consume

handlers = Blueprint("app")  # the module Lambda imports, see app.py


@handlers.on_sqs_message(queue_arn="PLACEHOLDER", batch_size=1)
def sync_linkedin(event: SQSEvent) -> dict[str, Any]:
    return consume(event.to_dict(), _sync)


def _sync(message: Message) -> None:
    from chalicelib.capture.linkedin import fetching, pulling

    connection, owner, lead_type = message["connection"], message["owner"], message["type"]
    if message["work"] == "pull":
        pulling.pull(connection, lead_type, owner, now())
    elif message["action"] == "DELETED":
        fetching.withdraw(connection, message["response"], owner, lead_type, now())
    else:
        insist = message.get("insist", False)
        result = fetching.fetch(connection, message["response"], owner, lead_type, now(), insist=insist)
        logger.info("linkedin response", connection_id=connection, result=result)
