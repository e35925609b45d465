"""Where a job looks for a person, page by page: what its ids lead to, every table that may hold more, the bucket.

A slice's cursor names the stage and where in it to go on, by keys, which hold no personal data.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.json import decode, encode
from msgspec.structs import replace

from chalicelib import files
from chalicelib.dynamodb import SHARDS, Key, query_raw, read, scan_slice, shard
from chalicelib.holdings import Held, Holding, Nobody, Noun, Person
from chalicelib.operations.service import SETTING_ASIDE
from chalicelib.privacy.holdings import HOLDINGS, LOOKED_THROUGH
from chalicelib.privacy.models import Search
from chalicelib.tokens import seal, unseal

PAGE = 200  # rows that are looked through at once
LOOKS = 10  # of a page that finds nothing, before the slice remembers how far it has come
TOGETHER = 5  # records whose other rows are found at once

KNOWN, FILES, LETTERS = "known", "files", "letters"
STAGES = (KNOWN, *(each.table.Meta.table_name for each in LOOKED_THROUGH), FILES, LETTERS)
"""What the ids of a person lead to, every table that may hold more, the bucket, and messages that were set aside."""

TABLES = {each.table.Meta.table_name: each for each in HOLDINGS}


def sealed(person: Person) -> str:
    return seal("privacy", encode(person, order="deterministic").decode())


def sought(search: Search) -> Person:
    """Return whom a job looks for, with the leads that were found so far."""
    leads = frozenset(identity for noun, identity in known(search) if noun is Noun.LEAD)
    return replace(decode(unseal("privacy", search.sealed), type=Person), leads=leads)


def known(search: Search) -> list[tuple[Noun, str]]:
    """Return the records that are known to be the person's: its contacts, and what was found so far."""
    found = [each.split("#", 1) for each in sorted(search.found or ())]
    return [(Noun(noun), identity) for noun, identity in found]


class Page(Struct, frozen=True):
    """What a page has for the job: records of the person, or keys of rows that are."""

    ids: list[str]
    cursor: str | None


def pages(search: Search, number: int, cursor: str | None) -> Page:
    """Return the next page of a slice; its ids are `<noun>#<id>`, names of files and queues, or keys as JSON."""
    person = sought(search)
    for _ in range(LOOKS):
        page = _looked(search, person, number, cursor)
        if page.ids or page.cursor is None:
            break
        cursor = page.cursor
    return page


def _looked(search: Search, person: Person, number: int, cursor: str | None) -> Page:
    stage, place = json.loads(cursor) if cursor else (0, None)
    if STAGES[stage] in OTHERWISE:
        ids, after = OTHERWISE[STAGES[stage]](search, number, place)
        return Page(ids, _next(stage, after))
    holding = TABLES[STAGES[stage]]
    raws, after = scan_slice(holding.table, number, SHARDS, place, PAGE)
    ids = [key_id(row.key) for row in rows(holding, raws) if is_of(holding, person, row)]
    return Page(ids, _next(stage, after))


def _known(search: Search, number: int, start: int | None) -> tuple[list[str], int | None]:
    records = [f"{noun}#{identity}" for noun, identity in known(search)] if number == 0 else []
    begin = start or 0
    end = begin + TOGETHER
    return records[begin:end], end if end < len(records) else None


def _files(_: Search, number: int, after: str | None) -> tuple[list[str], str | None]:
    listed = files.listed(after=after)
    own = [f"{FILES}#{each}" for each in listed if shard(each) == number]
    return own, listed[-1] if listed else None


def _letters(_: Search, number: int, __: None) -> tuple[list[str], None]:
    return [f"{LETTERS}#{each}" for at, each in enumerate(SETTING_ASIDE) if at % SHARDS == number], None


OTHERWISE: Mapping[str, Callable[[Search, int, Any], tuple[list[str], Any]]] = {
    KNOWN: _known,
    FILES: _files,
    LETTERS: _letters,
}
"""Stages that are no table: how a slice's page of each is found."""


def _next(stage: int, place: Any) -> str | None:
    if place is not None:
        return json.dumps([stage, place])
    return json.dumps([stage + 1, None]) if stage + 1 < len(STAGES) else None


def rows(holding: Holding, raws: Iterable[Any]) -> Iterator[Any]:
    return (holding.table.from_raw_data(dict(raw)) for raw in raws)


def is_of(holding: Holding, person: Person, row: Any) -> bool:
    kind = holding.of(row)
    return isinstance(kind, Held) and kind.whose(person, row)


def key_id(key: Key) -> str:
    return json.dumps([key.table, key.pk, key.sk])


def row_of(identity: str) -> tuple[Holding, Any]:
    """Return the table and the row (None: it is gone) that an id of a page means."""
    table, pk, sk = json.loads(identity)
    holding = TABLES[table]
    [row] = read([Key(holding.table, pk, sk)])
    return holding, row


def itself(noun: Noun, identity: str) -> Iterator[tuple[Holding, Any]]:
    """Yield the record itself that is meant, if it is there."""
    for holding in HOLDINGS:
        for kind in holding.kinds:
            if isinstance(kind, Held) and kind.noun is noun:
                record: Any = kind.kind
                [row] = read([Key(record, *record.at(identity))])
                if row is not None:
                    yield holding, row


def reached(noun: Noun, identity: str) -> Iterator[tuple[Holding, Any]]:
    """Yield every row that belongs to a record: in its partitions, and what indexes find of it."""
    for holding in HOLDINGS:
        yield from reached_in(holding, noun, identity)


def reached_in(holding: Holding, noun: Noun, identity: str) -> Iterator[tuple[Holding, Any]]:
    if noun in holding.partitions:
        for row in rows(holding, query_raw(holding.table, f"{holding.partitions[noun]}{identity}")):
            yield holding, row
    yield from found(holding, noun, identity)


def found(holding: Holding, noun: Noun, identity: str) -> Iterator[tuple[Holding, Any]]:
    """Yield what the indexes of a table find of a record."""
    if noun in holding.found:
        for row in read(holding.found[noun](identity)):
            if row is not None:
                yield holding, row


def shown(holding: Holding, row: Any) -> bool:
    kind = holding.of(row)
    return kind is not None and not isinstance(kind, Nobody) and kind.shown
