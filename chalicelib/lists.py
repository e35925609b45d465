"""Long lists: an index spread over 16 shards, merged into pages, with a cursor that remembers each shard's place."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct
from pynamodb.expressions.condition import Condition

from chalicelib.clock import digest
from chalicelib.dynamodb import SHARDS, Item, Key, read
from chalicelib.errors import Invalid
from chalicelib.tokens import seal, unseal

MOST = 100
MOST_OTHERS = 1000
"""Entries of other kinds that a page looks at; then it ends, whatever it has, and its cursor goes on behind them."""
OTHER_LIST = "This cursor belongs to another list. Leave it out, or repeat the query that it came with."


def partitions(name: str) -> list[str]:
    """Return the partition keys of a sharded list, such as contact#0 … contact#15."""
    return [f"{name}#{number}" for number in range(SHARDS)]


Listed = TypeVar("Listed")


class Page(Struct, Generic[Listed], frozen=True):
    """Some of a list, and the cursor that continues it (None: there is no more)."""

    items: list[Listed]
    next_cursor: str | None


class Asked(Struct, frozen=True):
    """What a client asks of a list."""

    limit: int = 25
    cursor: str | None = None


def page(
    index: Any,
    hashes: Sequence[str],
    asked: Asked,
    *,
    condition: Condition | None = None,
    newest_first: bool = False,
    kind: type[Item],
) -> Page[Any]:
    """Return a page of the whole items that `index` lists under `hashes`, in the order of its range key.

    `kind` is the class of the items; index entries hold keys only, so the items are read in one batch.
    Raises Invalid for a cursor that is not ours, or of another list.
    """
    limit = min(asked.limit, MOST)
    name = digest(index.Meta.index_name, *hashes, str(condition), str(newest_first))
    places = _places(name, asked.cursor)
    options = {
        "range_key_condition": condition,
        "scan_index_forward": not newest_first,
        "page_size": max(4, limit // 2),
    }
    shards = [_entries(index, name, places.get(name), kind, options) for name in hashes]
    merged = merge(*shards, key=lambda entry: entry.order, reverse=newest_first)
    taken, more = _taken(merged, limit, places)
    found = read(Key(kind, entry.place["pk"]["S"], entry.place["sk"]["S"]) for entry in taken)
    cursor = seal("cursor", json.dumps([name, places], separators=(",", ":"))) if more else None
    return Page([item for item in found if item is not None], cursor)


def _taken(entries: Iterable["_Entry"], limit: int, places: dict[str, Any]) -> tuple[list["_Entry"], bool]:
    """Take entries for a page, which moves the places of their shards; also return whether there may be more."""
    taken: list[_Entry] = []
    others = 0
    for entry in entries:
        others += not entry.wanted
        if others > MOST_OTHERS or (entry.wanted and len(taken) == limit):
            return taken, True
        places[entry.hash] = entry.place
        taken += [entry] if entry.wanted else []
    return taken, False


def _places(name: str, cursor: str | None) -> dict[str, Any]:
    if cursor is None:
        return {}
    list_name, places = json.loads(unseal("cursor", cursor))
    if list_name != name:
        raise Invalid(OTHER_LIST)
    return cast("dict[str, Any]", places)


class _Entry(Struct, frozen=True):
    hash: str
    order: tuple[str, str]
    place: dict[str, Any]
    wanted: bool
    """Several kinds may share an index, such as what somebody owns."""


def _entries(index: Any, name: str, place: Any, kind: type[Item], options: dict[str, Any]) -> Iterator[_Entry]:
    found = index.query(name, last_evaluated_key=place, **options)
    keys = index.Meta.attributes.values()
    hash_name = next(key.attr_name for key in keys if key.is_hash_key)
    range_name = next(key.attr_name for key in keys if key.is_range_key)
    for item in found:
        raw = item.serialize(null_check=False)
        key = {name: raw[name] for name in ("pk", "sk", hash_name, range_name)}
        yield _Entry(name, (next(iter(raw[range_name].values())), item.pk), key, isinstance(item, kind))


def every(index: Any, hash_key: str, condition: Condition | None = None) -> Iterator[Item]:
    """Yield all entries of one partition of an index (keys only), page by page."""
    yield from index.query(hash_key, range_key_condition=condition)


Mapped = TypeVar("Mapped")


def mapped(found: Page[Listed], view: Callable[[Listed], Mapped]) -> Page[Mapped]:
    return Page([view(item) for item in found.items], found.next_cursor)
