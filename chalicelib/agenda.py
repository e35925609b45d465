"""Due work: rows that wait carry `due` and lie in their table's sparse index `by_due`; here they are found.

There is no cursor and no lower bound: what is due stays in the index until whoever takes it moves or removes it.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from msgspec import Struct
from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.dynamodb import InstantAttribute, Item, shard
from chalicelib.lists import partitions


class ByDue(GlobalSecondaryIndex[Item]):
    """What of a table is due, by kind of work (`<work>#<0-15>`) and instant."""

    class Meta:
        index_name = "by_due"
        projection = IncludeProjection(["kind"])

    due_shard = UnicodeAttribute(hash_key=True)
    due = InstantAttribute(range_key=True)


def due_shard(work: str, identity: str) -> str:
    """Return the partition of the agenda that an item's work belongs to."""
    return f"{work}#{shard(identity)}"


def fallen_due(by_due: Any, work: str, before: datetime, most: int) -> Iterator[Item]:
    """Yield what fell due before an instant (keys only), at most `most` a shard, the longest overdue first."""
    for partition in partitions(work):
        found = by_due.query(partition, range_key_condition=ByDue.due < before, page_size=min(most, 100))
        yield from islice(found, most)


def oldest_due(by_due: Any, work: str) -> datetime | None:
    """Return the instant of the longest overdue (or next) piece of work, None if nothing waits."""
    firsts = [next(iter(by_due.query(partition, limit=1)), None) for partition in partitions(work)]
    return min((first.due for first in firsts if first is not None), default=None)


class Agenda(Struct, frozen=True):
    """A kind of due work: the index it lies in, the queue of its work, and the message made of an item's key."""

    work: str
    queue: str
    by_due: Any
    message: Callable[[str, str], dict[str, Any]]


agendas: list[Agenda] = []
"""Every domain's due work; chalicelib.wiring fills it."""
