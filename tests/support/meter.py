"""One meter of what DynamoDB is asked: requests, read units, write units, failed conditions.

Write units are the service's own count. Read units are computed as AWS publishes them (4 KB steps, half if eventually
consistent, per item for gets and per page for queries), because the local cloud counts every read as one.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalicelib import dynamodb

WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}


@dataclass(slots=True)
class Usage:
    """What was asked while metering: units of capacity, and how many requests of each operation."""

    requests: Counter[str] = field(default_factory=Counter)
    write_units: float = 0.0
    read_units: float = 0.0
    failed_conditions: int = 0
    writes: list[tuple[str, float]] = field(default_factory=list)
    written: Counter[str] = field(default_factory=Counter)
    """Write units by table, without the prefix."""
    tables: set[str] = field(default_factory=set)
    """The tables that were asked for anything, without the prefix."""

    @property
    def round_trips(self) -> int:
        return self.requests.total()


@contextmanager
def metered() -> Iterator[Usage]:
    """Count everything that this process asks of DynamoDB through our two clients."""
    usage = Usage()
    clients = [dynamodb.reader().client, dynamodb.writer()]

    def ask(params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        _show_all(params)
        context["asked"] = dict(params)
        usage.tables |= {name.rpartition("-")[2] for name in _tables(params)}
        if model.name in WRITES:
            params["ReturnConsumedCapacity"] = "INDEXES"

    def answered(parsed: Mapping[str, Any], model: Any, context: Mapping[str, Any], **_: Any) -> None:
        usage.requests[model.name] += 1
        _count(usage, model.name, context.get("asked", {}), parsed)

    for client in clients:
        client.meta.events.register("provide-client-params.dynamodb.*", ask)
        client.meta.events.register("after-call.dynamodb.*", answered)
    try:
        yield usage
    finally:
        for client in clients:
            client.meta.events.unregister("provide-client-params.dynamodb.*", ask)
            client.meta.events.unregister("after-call.dynamodb.*", answered)


def _tables(params: Mapping[str, Any]) -> set[str]:
    several = [each for item in params.get("TransactItems", []) for each in item.values()]
    return {*params.get("RequestItems", {}), *(each["TableName"] for each in (params, *several) if "TableName" in each)}


def _show_all(params: dict[str, Any]) -> None:
    """Let whole items be returned, for they are paid for whatever part of them is asked for."""
    projected = params.pop("ProjectionExpression", "").split(", ")
    names = {name: value for name, value in params.get("ExpressionAttributeNames", {}).items() if name not in projected}
    params |= {"ExpressionAttributeNames": names}
    if not names:
        del params["ExpressionAttributeNames"]


def _count(usage: Usage, operation: str, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    if "Error" in answer and answer["Error"].get("Code"):
        reasons = [reason.get("Code") for reason in answer.get("CancellationReasons", [])]
        usage.failed_conditions += reasons.count("ConditionalCheckFailed")
        usage.failed_conditions += answer["Error"]["Code"] == "ConditionalCheckFailedException"
    if operation in WRITES:
        consumed = answer.get("ConsumedCapacity", [])
        by_table = consumed if isinstance(consumed, list) else [consumed]
        units = sum(each["CapacityUnits"] for each in by_table)
        for each in by_table:
            usage.written[each["TableName"].rpartition("-")[2]] += each["CapacityUnits"]
        usage.write_units += units
        usage.writes.append((operation, units))
    else:
        usage.read_units += read_units(operation, asked, answer)


def read_units(operation: str, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """Return what one read costs, by AWS's published rules."""
    if operation == "GetItem":
        return _steps(size(answer.get("Item", {}))) * _price(asked)
    if operation == "BatchGetItem":
        return sum(
            _steps(size(item)) * _price(asked["RequestItems"][table])
            for table, items in answer.get("Responses", {}).items()
            for item in items
        ) + _missing(asked, answer)
    if operation in {"Query", "Scan"}:
        returned = answer.get("Items", [])
        evaluated = answer.get("ScannedCount", len(returned))
        total = sum(map(size, returned)) * (evaluated / len(returned) if returned else 1)
        return _steps(total) * _price(asked)
    return 0.0


def _missing(asked: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """A key without an item costs one step all the same."""
    return sum(
        (len(request["Keys"]) - len(answer.get("Responses", {}).get(table, []))) * _price(request)
        for table, request in asked["RequestItems"].items()
    )


def _steps(size_in_bytes: float) -> int:
    return max(1, math.ceil(size_in_bytes / 4096))


def _price(asked: Mapping[str, Any]) -> float:
    return 1.0 if asked.get("ConsistentRead") else 0.5


def size(item: Mapping[str, Any]) -> int:
    """Return an item's bytes: names and values, as AWS counts them."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    return BYTES_OF[kind](content)


def _set(kind: str) -> Callable[[Any], int]:
    return lambda content: sum(_value({kind: each}) for each in content)


BYTES_OF: dict[str, Callable[[Any], int]] = {
    "S": lambda text: len(text.encode()),
    "N": lambda text: math.ceil(len(text.lstrip("-0.").replace(".", "")) / 2) + 1 + text.startswith("-"),
    "B": len,
    "SS": _set("S"),
    "NS": _set("N"),
    "BS": _set("B"),
    "L": lambda content: 3 + sum(1 + _value(each) for each in content),
    "M": lambda content: 3 + sum(1 + len(name.encode()) + _value(each) for name, each in content.items()),
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
}
