"""Queues: ids go in in batches, and come out one by one with failures reported singly."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from chalicelib.errors import Unavailable
from chalicelib.observability import logger
from chalicelib.settings import settings

Message = Mapping[str, Any]


def send(queue: str, messages: Iterable[Message], *, delay: int = 0) -> int:
    """Put `messages` (JSON objects of ids, never personal data) on a queue and return how many.

    `delay` in seconds, 900 at most. Raises Unavailable if the queue did not take one of them after three tries.
    """
    stream, sent = iter(messages), 0
    while batch := list(islice(stream, 10)):
        _send(queue, [json.dumps(message, separators=(",", ":")) for message in batch], delay)
        sent += len(batch)
    return sent


def _send(queue: str, bodies: Sequence[str], delay: int) -> None:
    pending = {str(number): body for number, body in enumerate(bodies)}
    for _ in range(3):
        entries = [{"Id": name, "MessageBody": body, "DelaySeconds": delay} for name, body in pending.items()]
        answer = _client().send_message_batch(QueueUrl=settings.queue_url(queue), Entries=entries)
        pending = {failed["Id"]: pending[failed["Id"]] for failed in answer.get("Failed", [])}
        if not pending:
            return
    raise Unavailable("The queue does not take messages at the moment. Try again in a few seconds.")


def consume(event: Mapping[str, Any], handle: Callable[[Message], object]) -> dict[str, Any]:
    """Give each message of an SQS event to `handle`; those that raise are reported and come again, the rest is done.

    A message comes at least once, in any order: `handle` must not mind.
    """
    failed = [record["messageId"] for record in event["Records"] if not _handled(record, handle)]
    return {"batchItemFailures": [{"itemIdentifier": identity} for identity in failed]}


def _handled(record: Mapping[str, Any], handle: Callable[[Message], object]) -> bool:
    try:
        handle(json.loads(record["body"]))
    except Exception:  # one bad message must not hold up the others; SQS counts its tries and sets it aside
        logger.exception("message failed", message_id=record["messageId"])
        return False
    return True


def waiting(queue: str) -> int:
    """Return about how many messages wait on a queue."""
    answer = _client().get_queue_attributes(
        QueueUrl=settings.queue_url(queue), AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def give_back(dead: str, most: int) -> int:
    """Send messages of a dead-letter queue to the queues they came from, and return how many; repeats are harmless."""
    url, moved = settings.queue_url(dead), 0
    while moved < most:
        found = _client().receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60, MessageSystemAttributeNames=["All"]
        )
        messages = found.get("Messages", [])
        if not messages:
            break
        for message in messages:
            origin = message["Attributes"]["DeadLetterQueueSourceArn"].rpartition(":")[2]
            _client().send_message(QueueUrl=f"{settings.queue_base}{origin}", MessageBody=message["Body"])
            _client().delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
    return moved


@cache
def _client() -> Any:
    from botocore.session import get_session

    return get_session().create_client("sqs", settings.aws_region, endpoint_url=settings.aws_endpoint_url or None)
