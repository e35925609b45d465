"""Reading many items at once, and partitions as they are."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from chalicelib.dynamodb.clients import reader
from chalicelib.dynamodb.commits import PATIENCE, Attempt
from chalicelib.dynamodb.items import Item, Key, Raw
from chalicelib.errors import Unavailable


def read(keys: Iterable[Key]) -> list[Any]:
    """Return the items at `keys`, in their order, None where there is none: consistently, in one request per 100."""
    wanted = list(keys)
    found: dict[tuple[str, str, str], Raw] = {}
    for start in range(0, len(wanted), 100):
        found |= _batch(wanted[start : start + 100])
    raws = [found.get((key.table, key.pk, key.sk)) for key in wanted]
    return [key.kind.from_raw_data(dict(raw)) if raw else None for key, raw in zip(wanted, raws, strict=True)]


Look = Callable[[Iterable[Key]], list[Any]]
"""`read`, or the `look` of Notes."""


class Notes:
    """What one attempt of a use case has read: each item once, so that what is read early together is there later."""

    def __init__(self) -> None:
        self._known: dict[Key, Any] = {}
        self._expected: list[Key] = []

    def expect(self, keys: Iterable[Key]) -> None:
        """Let the next look bring these as well."""
        self._expected += keys

    def look(self, keys: Iterable[Key]) -> list[Any]:
        """Return what `read` returns, asking only for what is not known yet."""
        wanted = list(keys)
        missing = [key for key in dict.fromkeys([*wanted, *self._expected]) if key not in self._known]
        self._expected.clear()
        self._known.update(zip(missing, read(missing), strict=True))
        return [self._known[key] for key in wanted]


def _batch(keys: Sequence[Key]) -> dict[tuple[str, str, str], Raw]:
    pending: dict[str, Any] = {}
    for key in keys:
        asked = pending.setdefault(key.table, {"Keys": [], "ConsistentRead": True})
        if key.raw not in asked["Keys"]:
            asked["Keys"].append(key.raw)
    found: dict[tuple[str, str, str], Raw] = {}
    attempt = Attempt(time.monotonic() + PATIENCE)
    while pending:
        answer = reader().client._make_api_call("BatchGetItem", {"RequestItems": pending})
        for table, raws in answer["Responses"].items():
            found |= {(table, raw["pk"]["S"], raw["sk"]["S"]): raw for raw in raws}
        pending = answer.get("UnprocessedKeys", {})
        if pending:
            attempt.again(Unavailable("unprocessed keys"))
    return found


def query_raw(table: type[Item], pk: str, prefix: str = "") -> Iterator[Raw]:
    """Yield the items of a partition as DynamoDB speaks them, consistently; for items with attributes of any name."""
    pages = (
        reader()
        .client.get_paginator("query")
        .paginate(
            TableName=table.Meta.table_name,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)" if prefix else "pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}, **({":prefix": {"S": prefix}} if prefix else {})},
        )
    )
    for page in pages:
        yield from page["Items"]


def query_between(
    table: type[Item], pk: str, between: tuple[str, str], names: Sequence[str], *, most: int | None = None
) -> tuple[list[Raw], bool]:
    """Return a stretch of a partition as DynamoDB speaks it, the last first, and whether there is more of it.

    Consistently, and only the attributes of these names: for what is read by the hundred, where parsing is what takes
    the time.
    """
    request: dict[str, Any] = {
        "TableName": table.Meta.table_name,
        "ConsistentRead": True,
        "ScanIndexForward": False,
        "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
        "ExpressionAttributeValues": {":pk": {"S": pk}, ":low": {"S": between[0]}, ":high": {"S": between[1]}},
        "ProjectionExpression": ", ".join(f"#{name}" for name in names),
        "ExpressionAttributeNames": {f"#{name}": name for name in names},
    }
    found: list[Raw] = []
    while most is None or len(found) < most:
        limit = {} if most is None else {"Limit": most - len(found)}
        answer = reader().client._make_api_call("Query", {**request, **limit})
        found += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return found, False
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
    return found, True


def scan_slice(table: type[Item], number: int, of: int, after: Raw | None, most: int) -> tuple[list[Raw], Raw | None]:
    """Return some rows of one of the slices that a whole table falls into, and where to go on (None: no more).

    For bulk work that must not miss a row which no key leads to; never for a request. Consistently.
    """
    request: dict[str, Any] = {
        "TableName": table.Meta.table_name,
        "ConsistentRead": True,
        "Segment": number,
        "TotalSegments": of,
        "Limit": most,
        **({"ExclusiveStartKey": after} if after else {}),
    }
    answer = reader().client._make_api_call("Scan", request)
    return answer["Items"], answer.get("LastEvaluatedKey")


def count_index(table: type[Item], index: str, attribute: str, value: str, most_pages: int = 20) -> int:
    """Return how many entries a partition of an index has, as far as 20 pages of a megabyte tell."""
    pages = (
        reader()
        .client.get_paginator("query")
        .paginate(
            TableName=table.Meta.table_name,
            IndexName=index,
            Select="COUNT",
            KeyConditionExpression="#hash = :value",
            ExpressionAttributeNames={"#hash": attribute},
            ExpressionAttributeValues={":value": {"S": value}},
        )
    )
    return sum(page["Count"] for page in islice(pages, most_pages))
