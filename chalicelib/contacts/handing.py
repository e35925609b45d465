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


class Joined(Struct, frozen=True):
    """How a record got another's claims: what that writes, of whom it met claims, and which the other had owned."""

    writes: list[Write]
    met: set[str]
    owned: list[str]


def join(  # noqa: PLR0917  two records, their claims and the merge
    book: Book, main: Any, other: Any, own: Mapping[str, str], due: Iterable[str], merge_id: str, now: datetime
) -> Joined:
    """Let a record hold another's claims besides its own, also where it took another value: no claim is lost.

    `own` are the places of its values as they are now, `due` those of the other's and of all that it is: where a
    strategy is being built it may not hold them yet. What the main one holds for the merge is noted in `inherited`.
    """
    mine, theirs, due = main.places, other.places, set(due)
    owners = book.owners({*mine, *theirs, *own.values(), *due})
    owned = sorted(place for place in theirs if place in owners and owners[place].record_id == other.record_id)
    giver, taker = Side(other.record_id, other.updated_at), Side(main.record_id, now, mine)
    passed = over(book, sorted(theirs), giver, taker, owners)
    come, met = taken(book, sorted({*own.values(), *due} - mine - theirs), taker, owners, now)
    kept = theirs | due | (mine - {*own.values()})
    main.inherited = _sourced(main.inherited or {}, kept, merge_id) or None
    main.claims = own
    return Joined([*passed, *come], met, owned)


def _sourced(inherited: Mapping[str, list[str]], kept: Iterable[str], merge_id: str) -> dict[str, list[str]]:
    """Note of each place for which merge it is kept; it is let go of when the last of them is undone."""
    added = {place: [*inherited.get(place, ()), merge_id] for place in kept}
    return {**inherited, **added}


def sourced(places: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return for which merges a record holds each of these places, named with one of them."""
    found: dict[str, list[str]] = {}
    for place, merge_id in places:
        found[place] = [*found.get(place, ()), merge_id]
    return found


def regained(
    before: Mapping[str, list[str]], of_others: Mapping[str, list[str]], held: Container[str]
) -> dict[str, list[str]]:
    """Return what a record holds for others again: as before, and by strategies that came meanwhile (`held` so far)."""
    return {**before, **{place: ids for place, ids in of_others.items() if place in held and place not in before}}


def part(
    book: Book,
    main: Any,
    other: Any,
    *,
    held: set[str],
    own: Mapping[str, str],
    owned: Container[str],
    merge_id: str,
    now: datetime,
) -> list[Write]:
    """Part the claims again: each record holds what its values and its other merges make it hold.

    `held` is what the main one held, `own` what its values make it hold now; the other has its own claims back already.
    """
    main.inherited = _unsourced(main.inherited or {}, merge_id) or None
    main.claims = own
    mine, theirs = main.places, other.places
    owners = book.owners(held | mine | theirs)
    first, second = Side(main.record_id, main.updated_at), Side(other.record_id, other.updated_at)
    shared = {place: place in owned for place in sorted(theirs & held & mine)}
    writes = [
        *over(book, sorted((theirs & held) - mine), first, second, owners),
        *share(book, shared, first, second, owners, now),
        *taken(book, sorted(theirs - held), second, owners, now)[0],
        *taken(book, sorted(mine - held), first, owners, now)[0],
    ]
    for place in sorted(held - mine - theirs):
        writes += book.release(place, owners.get(place), main.record_id, now)
    return writes


def _unsourced(inherited: Mapping[str, list[str]], merge_id: str) -> dict[str, list[str]]:
    left = {place: [each for each in ids if each != merge_id] for place, ids in inherited.items()}
    return {place: ids for place, ids in left.items() if ids}
