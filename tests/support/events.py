"""Events in the shape in which AWS gives them to a function, made of what the local cloud's streams hold."""

import random
import uuid
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import time_machine

from tests.support.clients import client

REGION = "us-east-1"
ACCOUNT = "000000000000"
FULL = 10
"""A page of fewer records is the last one: it ends after a thousand, or after a megabyte."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a function is told of its invocation."""

    function_name: str
    memory_limit_in_mb: int = 512
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


class Streams:
    """The streams of tables, read from now on; of tables that nothing was written to yet, from their beginning."""

    def __init__(self, written: Iterable[str]) -> None:
        self._client, self._database = client("dynamodbstreams"), client("dynamodb")
        self._places = {table: self._place(table, "LATEST") for table in written}

    def _place(self, table: str, kind: str) -> str:
        arn = self._database.describe_table(TableName=table)["Table"]["LatestStreamArn"]
        [shard] = self._client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        asked = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": kind}
        return str(self._client.get_shard_iterator(**asked)["ShardIterator"])

    def new(self, table: str, now: datetime) -> list[dict[str, Any]]:
        """Return what was written to a table since the last call, in our clock's time (`now`)."""
        ahead = now.timestamp() - time_machine.escape_hatch.time.time()
        if table not in self._places:
            self._places[table] = self._place(table, "TRIM_HORIZON")
        records: list[dict[str, Any]] = []
        while len(page := self._page(table)) >= FULL:
            records += page
        return [_record(each, ahead) for each in records + page]

    def _page(self, table: str) -> list[dict[str, Any]]:
        answer = self._client.get_records(ShardIterator=self._places[table])
        self._places[table] = answer["NextShardIterator"]
        return list(answer["Records"])


def _record(raw: dict[str, Any], ahead: float) -> dict[str, Any]:
    change = raw["dynamodb"]
    written = change["ApproximateCreationDateTime"].timestamp()
    images = {name: _as_json(change[name]) for name in ("OldImage", "NewImage") if name in change}
    return {**raw, "dynamodb": {**change, **images, "ApproximateCreationDateTime": int(written + ahead)}}


def _as_json(image: dict[str, Any]) -> dict[str, Any]:
    """Lambda is given binary attributes as base64."""
    return {name: {"B": b64encode(each["B"]).decode()} if "B" in each else each for name, each in image.items()}


def written(operation: str, asked: Mapping[str, Any]) -> set[str]:
    """Return the tables that a call writes to."""
    if operation in {"PutItem", "UpdateItem", "DeleteItem"}:
        return {asked["TableName"]}
    if operation == "TransactWriteItems":
        return {action["TableName"] for each in asked["TransactItems"] for action in each.values()}
    return set(asked.get("RequestItems", ())) if operation == "BatchWriteItem" else set()


def reordered(records: list[dict[str, Any]], chance: random.Random) -> list[dict[str, Any]]:
    """Return `records` in another order that a stream might have: those of one item keep theirs."""
    by_item: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        by_item[str(record["dynamodb"]["Keys"])].append(record)
    turns = [item for item, those in by_item.items() for _ in those]
    chance.shuffle(turns)
    return [by_item[item].pop(0) for item in turns]


def of_queue(messages: Iterable[tuple[str, str, int]]) -> dict[str, Any]:
    """Return the event of a batch of messages: id, body, how often received."""
    return {
        "Records": [
            {
                "messageId": identity,
                "receiptHandle": str(uuid.uuid4()),
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(receives)},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue",
                "awsRegion": REGION,
            }
            for identity, body, receives in messages
        ]
    }


def change(new: Mapping[str, Any] | None, old: Mapping[str, Any] | None, at: float) -> dict[str, Any]:
    """Return a stream record of a change from `old` to `new` (items as DynamoDB speaks them)."""
    present = new or old or {}
    images = {"NewImage": new, "OldImage": old}
    return {
        "eventID": str(uuid.uuid4()),
        "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "ApproximateCreationDateTime": at,
            "Keys": {"pk": present.get("pk"), "sk": present.get("sk")},
            **{name: image for name, image in images.items() if image is not None},
        },
    }
