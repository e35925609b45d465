"""Claims: items that hold a match key for the record that owns it, with the heirs who wait behind (invariant 1).

The same rules serve contacts and leads, each in its own table: a `Book` names the classes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from pynamodb.expressions.condition import Condition

from chalicelib.contacts.normalise import key_of
from chalicelib.dynamodb import ConditionFailed, Key, Look, Write, commit, delete, put, put_new, read, tries, update
from chalicelib.errors import Stale, Unavailable
from chalicelib.tokens import keyed_hash

MOST_HEIRS = 80


WITHOUT: Mapping[str, str] = {"page_id": "none", "business_unit": ""}
"""What is matched by where there is no page (decision 11) or no business unit, which no unit is called (MAT-11)."""


class Strategy(Struct, frozen=True):
    """Attributes that must all be the same for two records of a target to be one (MAT-5)."""

    id: str
    target: str
    name: str
    attributes: tuple[str, ...]
    default: bool
    state: str = "live"
    description: str = ""

    def missing(self, values: Mapping[str, Any]) -> list[str]:
        """Return the attributes without a value, but those whose absence is one (`WITHOUT`)."""
        return [name for name in self.attributes if name not in WITHOUT and key_of(name, values.get(name)) is None]

    def place(self, values: Mapping[str, Any], scope: str = "") -> str | None:
        """Return the partition of the claim on these values, None where one of them is absent."""
        if self.missing(values):
            return None
        keys = [key_of(name, values.get(name)) or WITHOUT[name] for name in self.attributes]
        return f"CLAIM#{self.id}#{scope}#{keyed_hash('claim', *keys)}"


class Book(Struct, frozen=True):
    """The classes of one table's claims, and where its records lie."""

    owner: type[Any]
    heir: type[Any]
    record_key: Callable[[str], Key]

    def owner_key(self, place: str) -> Key:
        return Key(self.owner, place, "OWNER")

    def heir_key(self, place: str, record_id: str) -> Key:
        return Key(self.heir, place, f"HEIR#{record_id}")

    def take(self, place: str, record_id: str, now: datetime) -> Write:
        """Become the owner of what nobody owns."""
        return put_new(self.owner(place, "OWNER", record_id=record_id, since=now))

    def held(self, owner: Any) -> Condition:
        """The owner is the one that was read, and nobody has joined its heirs since."""
        same: Condition = self.owner.record_id == owner.record_id
        unjoined: Condition = self.owner.version == owner.version
        both: Condition = same & unjoined
        return both

    def wait(self, place: str, owner: Any, record_id: str, updated_at: datetime) -> list[Write]:
        """Become an heir of the owner as read. The owner's version moves on, so that it cannot leave unaware."""
        heir = self.heir(place, f"HEIR#{record_id}", record_id=record_id, updated_at=updated_at)
        joined = update(owner.key, self.owner.version.set(owner.version + 1), condition=self.held(owner))
        return [joined, put(heir)]

    def overtake(self, place: str, owner: Any, record_id: str, now: datetime, updated_at: datetime) -> list[Write]:
        """Become the owner in the place of another, which becomes an heir (backfills only, decision 8)."""
        taken = self.owner(place, "OWNER", record_id=record_id, since=now, version=owner.version + 1)
        heir = self.heir(place, f"HEIR#{owner.record_id}", record_id=owner.record_id, updated_at=updated_at)
        return [put(taken, self.held(owner)), put(heir)]

    def release(self, place: str, owner: Any, record_id: str, now: datetime) -> list[Write]:
        """Let go of a key: as the owner, which the latest-updated heir follows in the same transaction, or as an heir.

        `owner` is the Owner item as read. Reads at most 80 heirs; every write is conditional on what was read.
        """
        if owner is None or owner.record_id != record_id:
            return [delete(self.heir_key(place, record_id), self.heir.pk.exists())]  # it may be the owner by now
        held = self.held(owner)
        heirs = list(self.heir.query(place, self.heir.sk.startswith("HEIR#"), consistent_read=True, limit=MOST_HEIRS))
        if not heirs:
            return [delete(self.owner_key(place), held)]
        heir = self._latest(heirs)
        promoted = self.owner(place, "OWNER", record_id=heir.record_id, since=now, version=owner.version + 1)
        return [put(promoted, held), delete(heir.key, self.heir.pk.exists())]

    def _latest(self, heirs: Sequence[Any]) -> Any:
        """Return the heir whose record was updated last; records change without telling their claims."""
        records = read(self.record_key(heir.record_id) for heir in heirs)
        updated = {heir.record_id: getattr(each, "updated_at", None) for heir, each in zip(heirs, records, strict=True)}
        return max(heirs, key=lambda heir: (updated[heir.record_id] or heir.updated_at, heir.record_id))

    def owners(self, places: Iterable[str], look: Look = read) -> dict[str, Any]:
        """Return who owns each place, read consistently in one request."""
        asked = list(dict.fromkeys(places))
        found = look(self.owner_key(place) for place in asked)
        return {place: owner for place, owner in zip(asked, found, strict=True) if owner is not None}


def places(strategies: Iterable[Strategy], values: Mapping[str, Any], scope: str = "") -> dict[str, str]:
    """Return the claims that a record with these values makes: place by strategy id, where it has all attributes."""
    found = {strategy.id: strategy.place(values, scope) for strategy in strategies}
    return {identity: place for identity, place in found.items() if place is not None}


def ahead(books: Mapping[Book, Iterable[str]], look: Look) -> None:
    """Look up whose the places of several books are, then these records: two requests, however many books."""
    asked = [(book, book.owner_key(place)) for book, places in books.items() for place in places]
    owners = look(key for _, key in asked)
    look(book.record_key(owner.record_id) for (book, _), owner in zip(asked, owners, strict=True) if owner is not None)


class Change(Struct, frozen=True):
    """The writes that bring a record's claims up to date, and whose claims it met."""

    writes: list[Write]
    met: Mapping[str, str]
    """Owner's record id by strategy id, where another record owns the key."""


def change(
    book: Book,
    record_id: str,
    old: Mapping[str, str],
    new: Mapping[str, str],
    now: datetime,
    *,
    owners: Mapping[str, Any] | None = None,
) -> Change:
    """Return what changes when a record's claims go from `old` to `new` places (by strategy id).

    Never takes an owned key: there the record becomes an heir. `owners` are those of the places, if known already.
    """
    gone = {identity: place for identity, place in old.items() if new.get(identity) != place}
    come = {identity: place for identity, place in new.items() if old.get(identity) != place}
    owners = book.owners([*gone.values(), *come.values()]) if owners is None else owners
    writes: list[Write] = []
    for place in gone.values():
        writes += book.release(place, owners.get(place), record_id, now)
    met: dict[str, str] = {}
    for identity, place in come.items():
        owner = owners.get(place)
        if owner is None:
            writes.append(book.take(place, record_id, now))
        elif owner.record_id != record_id:
            met[identity] = owner.record_id
            writes += book.wait(place, owner, record_id, now)
    return Change(writes, met)


class Collision(Struct, frozen=True):
    """Two records of one key that a backfill found: who waits behind whom."""

    heir_id: str
    owner_id: str


def backfilled(
    book: Book, place: str, record_id: str, updated_at: datetime, now: datetime
) -> tuple[list[Write], Collision | None]:
    """Return how a record claims a place that other records had all along: the last updated one owns it."""
    owner = book.owners([place]).get(place)
    if owner is None:
        return [book.take(place, record_id, now)], None
    if owner.record_id == record_id:
        return [], None
    [other] = read([book.record_key(owner.record_id)])
    if other is not None and other.updated_at < updated_at:
        return book.overtake(place, owner, record_id, now, other.updated_at), Collision(owner.record_id, record_id)
    return book.wait(place, owner, record_id, updated_at), Collision(record_id, owner.record_id)


def backfill(record_ids: Iterable[str], planned: Callable[[str], Sequence[Write]]) -> None:
    """Let records claim one after the other, as `planned` reads them. Where a live writer came between, read anew."""
    for record_id in record_ids:
        _insist(record_id, planned)


def _insist(record_id: str, planned: Callable[[str], Sequence[Write]]) -> None:
    for _ in tries(8):
        try:
            return commit(planned(record_id))
        except (ConditionFailed, Stale):
            continue
    raise Unavailable("Others keep changing a record whose claim is due. The backfill goes on with it later.")
