"""Claims that pass from one record to another when they are merged, and back (invariant 1).

A place stays with one owner all the time; who gives it away and who gets it are never both in its line.
"""

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.contacts.claims import Book
from chalicelib.dynamodb import ConditionFailed, Write, delete, put


class Side(Struct, frozen=True):
    """One of the two records that pass claims to each other."""

    record_id: str
    updated_at: datetime
    places: Container[str] = frozenset()
    """What it holds already, as owner or heir."""


def over(book: Book, places: Iterable[str], giver: Side, taker: Side, owners: Mapping[str, Any]) -> list[Write]:
    """Return how one record takes another's places in the claims: its ownership, or its turn among the heirs."""
    return [write for place in places for write in _over(book, place, giver, taker, owners.get(place))]


def _over(book: Book, place: str, giver: Side, taker: Side, owner: Any) -> list[Write]:
    if owner is None:
        raise ConditionFailed([])  # it has just been let go of: what was read is not so any more
    if owner.record_id == giver.record_id:
        passed = _pass(book, place, owner, taker)
        return [passed, *([_leave(book, place, taker)] if place in taker.places else [])]
    left = _leave(book, place, giver)
    if place in taker.places:
        return [left]
    return [left, *book.wait(place, owner, taker.record_id, taker.updated_at)]


def _pass(book: Book, place: str, owner: Any, taker: Side) -> Write:
    successor = book.owner(place, "OWNER", record_id=taker.record_id, since=owner.since, version=owner.version + 1)
    return put(successor, book.held(owner))


def _leave(book: Book, place: str, side: Side) -> Write:
    return delete(book.heir_key(place, side.record_id), book.heir.pk.exists())


def share(
    book: Book, places: Mapping[str, bool], giver: Side, taker: Side, owners: Mapping[str, Any], now: datetime
) -> list[Write]:
    """Return how a record gets into line again at places that the other keeps: in front of it, or behind.

    `places` says of each whether the taker owned it before; then the giver becomes an heir again.
    """
    writes: list[Write] = []
    for place, owned in places.items():
        owner = owners.get(place)
        if owner is None:
            raise ConditionFailed([])
        if owned and owner.record_id == giver.record_id:
            writes += book.overtake(place, owner, taker.record_id, now, giver.updated_at)
        else:
            writes += book.wait(place, owner, taker.record_id, taker.updated_at)
    return writes


def taken(
    book: Book, places: Iterable[str], taker: Side, owners: Mapping[str, Any], now: datetime
) -> tuple[list[Write], set[str]]:
    """Return how a record claims what it did not hold: as the owner where nobody is, else as an heir; and of whom."""
    writes: list[Write] = []
    met: set[str] = set()
    for place in places:
        owner = owners.get(place)
        if owner is None:
            writes.append(book.take(place, taker.record_id, now))
        elif owner.record_id != taker.record_id:
            met.add(owner.record_id)
            writes += book.wait(place, owner, taker.record_id, taker.updated_at)
    return writes, met
