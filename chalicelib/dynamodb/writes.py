"""Writes that are not made yet, as domains offer them, and which of them failed."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from msgspec import Struct
from msgspec.structs import replace
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action, Update

from chalicelib.dynamodb.items import AnyItem, Item, Key, Raw
from chalicelib.errors import DomainError, Stale

Verb = Literal["Put", "Update", "Delete", "ConditionCheck"]


class Write(Struct, frozen=True):
    """One write not yet made. `refused` is what the client hears where its condition does not hold."""

    verb: Verb
    key: Key
    request: Mapping[str, Any]
    refused: DomainError | None = None


Plan = Sequence[Write]


class Failure(Struct, frozen=True):
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


def silent(write: Write) -> Write:
    """Return `write` without an error of its own, so that ConditionFailed says what stood in the way."""
    return replace(write, refused=None)
