"""Use cases of lists as records: make, find, change, stop, go on."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.consent.models import ConsentItem
from chalicelib.consent.subscriptions.models import LIST, SubscriptionList, list_key
from chalicelib.contacts.models import name_key
from chalicelib.definitions import named
from chalicelib.dynamodb import ConditionFailed, commit, put_changed, put_new, read
from chalicelib.errors import Conflict, NotFound, Stale
from chalicelib.lists import Asked, Page, page, partitions

NAMED = "What is live names this list. Stop or change that first."


def create(list_id: str, values: Mapping[str, Any], by: str, now: datetime) -> SubscriptionList:
    """Make a list, which definitions can name at once; the same id again returns what it made the first time."""
    made = SubscriptionList.new(list_id, by, now)
    _fill(made, {"owner_id": by, **values})
    try:
        commit([put_new(made), named.nameable((LIST, list_id), now)])
    except ConditionFailed:
        return find(list_id)
    return made


def _fill(record: SubscriptionList, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(record, name, value)
    record.list_by_name()


def find(list_id: str) -> SubscriptionList:
    """Return a list, read consistently. Raises NotFound."""
    [found] = read([list_key(list_id)])
    if found is None:
        raise NotFound("There is no subscription list of this id.")
    return found  # type: ignore[no-any-return]


def find_many(list_ids: Iterable[str]) -> list[SubscriptionList]:
    """Return those of the lists that exist, in the order in which they are named."""
    return [found for found in read(list_key(each) for each in dict.fromkeys(list_ids)) if found is not None]


def by_name(prefix: str, asked: Asked) -> Page[SubscriptionList]:
    condition = ConsentItem.name_key.startswith(name_key(prefix)) if prefix else None
    return page(ConsentItem.by_name, partitions(LIST), asked, condition=condition, kind=SubscriptionList)


def amend(list_id: str, values: Mapping[str, Any], version: int, now: datetime) -> SubscriptionList:
    """Change what a list is called, or whose it is. Raises NotFound, Stale."""
    record = _as_read(list_id, version)
    _fill(record, values)
    record.updated_at = now
    commit([put_changed(record)])
    return record


def _as_read(list_id: str, version: int) -> SubscriptionList:
    record = find(list_id)
    if record.version != version:
        raise Stale("The list has changed since you read it. Read it again and repeat the change.")
    return record


def stop(list_id: str, version: int, now: datetime) -> SubscriptionList:
    """Let nobody join a list any more; who is on it can still leave, and the proof of what each said stays.

    Raises NotFound, Stale; Conflict where it is stopped, and naming the live definitions that name it.
    """
    record = _as_read(list_id, version)
    if record.stopped:
        raise Conflict("This list is stopped already.")
    record.stopped_at, record.updated_at = now, now
    _moved(record, lambda: named.let_go((LIST, list_id), NAMED))
    return record


def restart(list_id: str, version: int, now: datetime) -> SubscriptionList:
    """Let people join a list again that was stopped. Raises NotFound, Stale, Conflict for one that was not."""
    record = _as_read(list_id, version)
    if not record.stopped:
        raise Conflict("This list is not stopped.")
    record.stopped_at, record.updated_at = None, now
    _moved(record, lambda: [named.nameable((LIST, list_id), now)])
    return record


def _moved(record: SubscriptionList, besides: Any) -> None:
    try:
        commit([put_changed(record)], besides())
    except ConditionFailed as failed:
        raise Stale("Something that is live has come to name this list. Read it again.") from failed
