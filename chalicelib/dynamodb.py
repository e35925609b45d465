"""How items are read and written: one client, plans that are made in one transaction, refusals that say which part.

A domain offers *writes* (no I/O), a use case commits them together:

    commit([put_new(contact), put_new(claim, refused=Conflict("…"))], [put_new(lead)])

One write alone goes as a plain PutItem, UpdateItem or DeleteItem, at half the price of a transaction.
"""

import json
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any, Literal, NoReturn, Self, TypeVar, cast
from zlib import crc32

from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as Disconnected
from botocore.session import get_session
from pynamodb.attributes import (
    Attribute,
    DiscriminatorAttribute,
    JSONAttribute,
    UnicodeAttribute,
)
from pynamodb.connection import Connection
from pynamodb.connection.table import TableConnection
from pynamodb.constants import NUMBER
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action, Update
from pynamodb.models import Model

from chalicelib.clock import as_text, from_text, new_id
from chalicelib.errors import DomainError, Stale, Unavailable
from chalicelib.settings import settings

SHARDS = 16
TRIES = 5
PATIENCE = 2.0  # seconds for all tries of one commit

Raw = Mapping[str, Any]
"""An item as DynamoDB speaks it: {"pk": {"S": "…"}, …}."""


class IntegerAttribute(Attribute[int]):
    """A whole number."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(int(value))

    def deserialize(self, value: str) -> int:
        return int(value)


class DecimalAttribute(Attribute[Decimal]):
    """An exact decimal of at most 38 digits; PynamoDB's own number is a float (pynamodb/PynamoDB#551)."""

    attr_type = NUMBER

    def serialize(self, value: Decimal) -> str:
        return format(value.normalize(), "f")

    def deserialize(self, value: str) -> Decimal:
        return Decimal(value)


class JsonAttribute(JSONAttribute):
    """JSON in as few bytes as it takes: items are paid for by size, and 400 KB is their end."""

    def serialize(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class InstantAttribute(Attribute[datetime]):
    """An instant, stored as clock.as_text writes it, so that keys sort by time."""

    attr_type = "S"

    def serialize(self, value: datetime) -> str:
        return as_text(value)

    def deserialize(self, value: str) -> datetime:
        return from_text(value)


class Item(Model):
    """An item of some table. The class that declares Meta is the table, its subclasses are kinds of item."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()

    @property
    def key(self) -> "Key":
        return Key(type(self), self.pk, self.sk)

    @classmethod
    def find(cls, pk: str, sk: str, *, consistent: bool = True) -> Self | None:
        """Return the item of this kind at a key, or None where there is none."""
        try:
            return cls.get(pk, sk, consistent_read=consistent)
        except cls.DoesNotExist:
            return None

    @classmethod
    def _get_connection(cls) -> TableConnection:
        # PynamoDB opens a client for each class (pynamodb/PynamoDB#876, #1245); all of ours share one.
        table: Any = [base for base in cls.__mro__ if "Meta" in vars(base)][-1]
        if table._connection is None:
            made = super(Item, table)._get_connection()
            shared = _reader()
            shared._tables.setdefault(made.table_name, made.get_meta_table())
            made.connection = shared
        return cast(TableConnection, table._connection)


AnyItem = TypeVar("AnyItem", bound=Item)


@dataclass(frozen=True, slots=True)
class Key:
    """Where an item lies, and of what kind it is."""

    kind: type[Item]
    pk: str
    sk: str

    @property
    def table(self) -> str:
        return self.kind.Meta.table_name

    @property
    def raw(self) -> dict[str, Any]:
        return {"pk": {"S": self.pk}, "sk": {"S": self.sk}}


Verb = Literal["Put", "Update", "Delete", "ConditionCheck"]


@dataclass(frozen=True, slots=True)
class Write:
    """One write not yet made. `refused` is what the client hears where its condition does not hold."""

    verb: Verb
    key: Key
    request: Mapping[str, Any]
    refused: DomainError | None = None


Plan = Sequence[Write]


@dataclass(frozen=True, slots=True)
class Failure:
    """A write whose condition did not hold, and the item that stood in the way (None: no item)."""

    write: Write
    item: Raw | None

    def found(self, kind: type[AnyItem]) -> AnyItem | None:
        return kind.from_raw_data(dict(self.item)) if self.item else None


class ConditionFailed(Exception):
    """Conditions did not hold; nothing was written. Raised where no failed write names an error of its own."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        super().__init__(", ".join(f"{failure.write.verb} {failure.write.key.kind.__name__}" for failure in failures))
        self.failures = tuple(failures)

    def of(self, kind: type[AnyItem]) -> list[tuple[Failure, AnyItem | None]]:
        """Return the failures that concern one kind of item."""
        return [(failure, failure.found(kind)) for failure in self.failures if failure.write.key.kind is kind]


# Writes, not yet made ----------------------------------------------------------------------------------------------


def put_new(item: Item, *, refused: DomainError | None = None) -> Write:
    """Put `item` where there is none yet."""
    return put(item, type(item).pk.does_not_exist(), refused=refused)


def put(item: Item, condition: Condition | None = None, *, refused: DomainError | None = None) -> Write:
    """Put `item`, whatever is there, or only if `condition` holds for what is there."""
    expression = _expressed(condition)
    return Write("Put", item.key, {"Item": item.serialize(), **expression}, refused)


def put_changed(item: Item, *, refused: DomainError | None = None) -> Write:
    """Put `item` back after it was read and changed; refused if its `version` has moved on meanwhile.

    Writes version + 1. A new copy is made of nothing: do not commit the same item twice.
    """
    versioned = cast(Any, item)
    read = versioned.version
    versioned.version = read + 1
    refused = refused or Stale("It has changed since it was read. Read it again and repeat the change.")
    return put(item, cast(Any, type(item)).version == read, refused=refused)


def update(key: Key, *actions: Action, condition: Condition | None = None, refused: DomainError | None = None) -> Write:
    """Change single attributes of the item at `key`. Without a condition a missing item would be created."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    expression = Update(*actions).serialize(names, values)
    request = {"Key": key.raw, "UpdateExpression": expression, **_expressed(condition, names, values)}
    return Write("Update", key, request, refused)


def delete(key: Key, condition: Condition | None = None, *, refused: DomainError | None = None) -> Write:
    return Write("Delete", key, {"Key": key.raw, **_expressed(condition)}, refused)


def check(key: Key, condition: Condition, *, refused: DomainError | None = None) -> Write:
    """Write nothing, but refuse the transaction if `condition` does not hold for the item at `key`."""
    return Write("ConditionCheck", key, {"Key": key.raw, **_expressed(condition)}, refused)


def _expressed(
    condition: Condition | None, names: dict[str, str] | None = None, values: dict[str, Any] | None = None
) -> dict[str, Any]:
    names, values = {} if names is None else names, {} if values is None else values
    request: dict[str, Any] = {}
    if condition is not None:
        request["ConditionExpression"] = condition.serialize(names, values)
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if names:
        request["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in names.items()}
    if values:
        request["ExpressionAttributeValues"] = values
    return request


# Making them -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Attempt:
    """The tries of one commit: how many are left, and whether an answer was lost on the way."""

    deadline: float
    left: int = TRIES
    answer_lost: bool = False
    pause: float = 0.02
    last: Exception | None = field(default=None)

    def again(self, error: Exception) -> None:
        """Wait a little, longer each time, or give up."""
        self.left, self.last = self.left - 1, error
        if self.left == 0 or time.monotonic() + self.pause > self.deadline:
            raise Unavailable("The records are busy at the moment. Try again in a few seconds.") from error
        time.sleep(self.pause * random.uniform(0.5, 1.5))  # noqa: S311, TID251  backing off, not synchronising
        self.pause *= 3


def commit(*plans: Plan, token: str | None = None) -> None:
    """Make all writes of all plans, or none.

    `token` makes the transaction idempotent for ten minutes. Raises the `refused` error of the first write whose
    condition failed, else ConditionFailed; Unavailable if the records stay contended or the service does not answer.
    """
    writes = [write for plan in plans for write in plan]
    if len(writes) == 1 and writes[0].verb != "ConditionCheck":
        change(writes[0])
    elif writes:
        _transact(writes, token or new_id())


def change(write: Write) -> Raw:
    """Make one write. Returns the item as it is now for an update, else an empty mapping. Raises as `commit` does."""
    returned = {"ReturnValues": "ALL_NEW"} if write.verb == "Update" else {}
    request = {"TableName": write.key.table, **write.request, **returned}
    attempt = _Attempt(time.monotonic() + PATIENCE)
    while True:
        try:
            answer = _writer()._make_api_call(f"{write.verb}Item", request)
            return cast(Raw, answer.get("Attributes", {}))
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalCheckFailedException":
                return _unless_ours(attempt, write, cast(Any, error.response).get("Item"))
            _retriable(error, code, attempt)
        except (Disconnected, HTTPClientError) as error:
            attempt.answer_lost = True
            attempt.again(error)


def _unless_ours(attempt: _Attempt, write: Write, found: Raw | None) -> Raw:
    # After a lost answer a failed condition may be our own write, seen again.
    if attempt.answer_lost and found and _made(write, found):
        return found
    return _refuse([Failure(write, found)])


def _made(write: Write, found: Raw) -> bool:
    """Return whether `found` is what `write` would have left behind."""
    if write.verb == "Put":
        return dict(write.request["Item"]) == dict(found)
    names = write.request.get("ExpressionAttributeNames", {})
    values = write.request.get("ExpressionAttributeValues", {})
    assigned = _ASSIGNED.findall(write.request.get("UpdateExpression", ""))
    return bool(assigned) and all(found.get(names[name]) == values[value] for name, value in assigned)


_ASSIGNED = re.compile(r"(#\d+) = (:\d+)(?=,| |$)")


def _transact(writes: Sequence[Write], token: str) -> None:
    items = [{write.verb: {"TableName": write.key.table, **write.request}} for write in writes]
    request = {"TransactItems": items, "ClientRequestToken": token[:36]}
    attempt = _Attempt(time.monotonic() + PATIENCE)
    while True:
        try:
            _writer()._make_api_call("TransactWriteItems", request)
        except ClientError as error:
            _cancelled(error, writes, attempt)
        except (Disconnected, HTTPClientError) as error:
            attempt.again(error)  # the same token: if it was made, it is not made again
        else:
            return


def _cancelled(error: ClientError, writes: Sequence[Write], attempt: _Attempt) -> None:
    code = error.response["Error"]["Code"]
    if code != "TransactionCanceledException":
        _retriable(error, code, attempt)
        return
    reasons = cast(Any, error.response).get("CancellationReasons", [])
    failures = [
        Failure(write, reason.get("Item"))
        for write, reason in zip(writes, reasons, strict=True)
        if reason.get("Code") == "ConditionalCheckFailed"
    ]
    if failures:
        _refuse(failures)
    for reason in reasons:
        if reason.get("Code") not in {"None", None} | PASSING:
            raise error
    attempt.again(error)


PASSING = {
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "InternalServerError",
    "ServiceUnavailable",
}


def _retriable(error: ClientError, code: str, attempt: _Attempt) -> None:
    if code not in PASSING:
        raise error
    attempt.again(error)


def _refuse(failures: Sequence[Failure]) -> NoReturn:
    failed = ConditionFailed(failures)
    for failure in failures:
        if failure.write.refused:
            raise failure.write.refused from failed
    raise failed


def silent(write: Write) -> Write:
    """Return `write` without an error of its own, so that ConditionFailed says what stood in the way."""
    return replace(write, refused=None)


# Reading -----------------------------------------------------------------------------------------------------------


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
    attempt = _Attempt(time.monotonic() + PATIENCE)
    while pending:
        answer = _reader().client._make_api_call("BatchGetItem", {"RequestItems": pending})
        for table, raws in answer["Responses"].items():
            found |= {(table, raw["pk"]["S"], raw["sk"]["S"]): raw for raw in raws}
        pending = answer.get("UnprocessedKeys", {})
        if pending:
            attempt.again(Unavailable("unprocessed keys"))
    return found


def query_raw(table: type[Item], pk: str, prefix: str = "") -> Iterator[Raw]:
    """Yield the items of a partition as DynamoDB speaks them, consistently; for items with attributes of any name."""
    pages = (
        _reader()
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


def count_index(table: type[Item], index: str, attribute: str, value: str, most_pages: int = 20) -> int:
    """Return how many entries a partition of an index has, as far as 20 pages of a megabyte tell."""
    pages = (
        _reader()
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


def shard(identity: str) -> int:
    """Return the shard, 0 to 15, that an identity belongs to in every sharded index."""
    return crc32(identity.encode()) % SHARDS


# Clients -----------------------------------------------------------------------------------------------------------


@cache
def _reader() -> Connection:
    """Return the connection that PynamoDB reads by; reads may be repeated by the client itself."""
    return Connection(
        region=settings.aws_region,
        host=settings.aws_endpoint_url or None,
        connect_timeout_seconds=1,
        read_timeout_seconds=3,
        retry_configuration={"total_max_attempts": 3, "mode": "standard"},
        max_pool_connections=32,
    )


@cache
def _writer() -> Any:
    """Return the client that writes: it never repeats by itself, for only `commit` knows what a repeat may mean."""
    return get_session().create_client(
        "dynamodb",
        settings.aws_region,
        endpoint_url=settings.aws_endpoint_url or None,
        config=Config(
            connect_timeout=1,
            read_timeout=3,
            retries={"total_max_attempts": 1, "mode": "standard"},
            max_pool_connections=32,
        ),
    )
