"""Queues: ids go in in batches, and come out one by one with failures reported singly."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import Any

from msgspec import Struct

from chalicelib.errors import Unavailable
from chalicelib.observability import note_failure
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
    except Exception as error:  # one bad message must not hold up the others; SQS counts its tries and sets it aside
        note_failure("message failed", error, message_id=record["messageId"])
        return False
    return True


def waiting(queue: str) -> int:
    """Return about how many messages wait on a queue."""
    answer = _client().get_queue_attributes(
        QueueUrl=settings.queue_url(queue), AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


class Dead(Struct, frozen=True):
    """A message that was set aside, without its content; `source` is the queue it was given up on, if it was one."""

    id: str
    source: str | None
    sent_at: datetime
    receives: int


def peek(dead: str, most: int) -> list[Dead]:
    """Return some of the messages of a dead-letter queue and leave them there."""
    found: dict[str, Dead] = {}
    for _ in range(-(-most // 10)):
        received = [_dead(each) for each in _receive(dead, 0)]
        if all(each.id in found for each in received):
            break
        found |= {each.id: each for each in received}
    return sorted(found.values(), key=lambda each: each.sent_at)[:most]


def redrive(dead: str, known: Collection[str], most: int = 100) -> tuple[int, int]:
    """Move messages of a dead-letter queue back to the queues that gave them up; returns how many moved and stayed.

    Each is sent before it is deleted: whoever dies between the two leaves a repeat, which no consumer minds. What came
    from no queue of `known` (a stream's failed batch) stays.
    """
    moved = stayed = 0
    while moved + stayed < most and (received := _receive(dead, 60, most - moved - stayed)):
        groups: dict[str | None, list[Any]] = defaultdict(list)
        for message in received:
            source = _dead(message).source
            groups[source if source in known else None].append(message)
        stayed += len(groups.pop(None, []))
        for source, messages in groups.items():
            _send(str(source), [message["Body"] for message in messages], 0)
            _delete(dead, [message["ReceiptHandle"] for message in messages])
            moved += len(messages)
    return moved, stayed


def weed(dead: str, matches: Callable[[str], bool], most: int = 2_000) -> int:
    """Delete what matches of the messages of a dead-letter queue, and return how many; the others come back to it."""
    seen: set[str] = set()
    weeded = 0
    while len(seen) < most and (received := _receive(dead, 60)):
        if all(each["MessageId"] in seen for each in received):
            break
        seen |= {each["MessageId"] for each in received}
        found = [each["ReceiptHandle"] for each in received if matches(each["Body"])]
        if found:
            _delete(dead, found)
        weeded += len(found)
    return weeded


def _receive(queue: str, hidden: int, most: int = 10) -> list[Any]:
    answer = _client().receive_message(
        QueueUrl=settings.queue_url(queue),
        MaxNumberOfMessages=min(most, 10),
        VisibilityTimeout=hidden,
        MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount", "DeadLetterQueueSourceArn"],
    )
    return list(answer.get("Messages", []))


def _dead(message: Any) -> Dead:
    attributes = message["Attributes"]
    name = attributes.get("DeadLetterQueueSourceArn", "").rpartition(":")[2]
    source = name.removeprefix(f"{settings.prefix}-") or None
    sent = datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC)
    return Dead(message["MessageId"], source, sent, int(attributes["ApproximateReceiveCount"]))


def _delete(queue: str, receipts: Sequence[str]) -> None:
    entries = [{"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(receipts)]
    _client().delete_message_batch(QueueUrl=settings.queue_url(queue), Entries=entries)


@cache
def _client() -> Any:
    from botocore.session import get_session

    return get_session().create_client("sqs", settings.aws_region, endpoint_url=settings.aws_endpoint_url or None)
