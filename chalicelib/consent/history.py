"""What the log of changes tells: every change, and what somebody allowed at any moment, by which proof."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import chain, islice
from typing import Any, cast

from msgspec import Struct

from chalicelib import csvs
from chalicelib.clock import as_text
from chalicelib.consent.models import ChangeRow
from chalicelib.consent.rules import Preferences, lowers, strictest
from chalicelib.contacts import service as contacts
from chalicelib.lists import Asked, Page
from chalicelib.tokens import seal, unseal

MOST_EXPORTED = 5_000  # changes of one file; a file of 5 MB is what an answer may have
MOST_LOOKED_AT = 500  # records on the way back to what settled each setting
CURSOR = "consent-changes"

COLUMNS = (
    *("changed_at", "contact_id", "id", "list_id", "who", "source", "source_version", "method", "wording", "reason"),
    *("before", "after", "people"),
)


def page(contact_id: str, asked: Asked) -> Page[ChangeRow]:
    """Return a page of somebody's changes, oldest first, also of contacts that were merged into it."""
    after = unseal(CURSOR, asked.cursor) if asked.cursor else None
    found = list(islice(_all(contact_id, after), asked.limit + 1))
    more = len(found) > asked.limit
    return Page(found[: asked.limit], seal(CURSOR, found[asked.limit - 1].sk) if more else None)


def _all(contact_id: str, after: str | None = None) -> Iterator[ChangeRow]:
    """Yield every change as any identity, oldest first, behind a sort key. Raises NotFound."""
    people = contacts.find_who(contact_id).ids
    return merge(*(_log(each, after) for each in people), key=lambda each: (each.sk, each.contact_id))


def _log(contact_id: str, after: str | None) -> Iterator[ChangeRow]:
    behind = ChangeRow.sk > after if after else ChangeRow.sk.startswith("CHANGE#")
    found = ChangeRow.query(f"CONTACT#{contact_id}", behind, consistent_read=True)
    return (each for each in found if isinstance(each, ChangeRow))


def lowered_since(contact_id: str, since: datetime) -> set[str]:
    """Return what a person took back after a moment, as any of its identities, read consistently."""
    log = (row for each in contacts.who_is(contact_id).ids for row in _log(each, f"CHANGE#{as_text(since)}"))
    return {name for row in log if row.changed_at > since for name in lowers(row.before, row.after)}


def exported(contact_id: str) -> bytes:
    """Return somebody's changes as CSV, the first five thousand of them (PRV-13). Raises NotFound."""
    found = islice(_all(contact_id), MOST_EXPORTED)
    return csvs.MARK + csvs.lines(chain([COLUMNS], (row(each) for each in found)))


def row(change: Any) -> Sequence[csvs.Cell]:
    """Return a change as a row of a file."""
    given = {**{name: getattr(change, name, None) for name in COLUMNS}, "id": change.change_id}
    return [_cell(given[name]) for name in COLUMNS]


def _cell(value: Any) -> csvs.Cell:
    if isinstance(value, datetime):
        return as_text(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return cast(csvs.Cell, value)


# As of a moment ----------------------------------------------------------------------------------------------------


class Proof(Struct, frozen=True):
    """A record of the log, and the settings that stood at the moment because of it."""

    record: ChangeRow
    settles: Sequence[str]


class Past(Struct, frozen=True):
    """What somebody allowed at a moment: each of its contacts by its own records, the strictest of them all."""

    at: datetime
    each: Sequence[Preferences]

    @property
    def people(self) -> list[str]:
        return [one.contact_id for one in self.each]

    @property
    def allowed(self) -> Preferences:
        return strictest(self.each)


def as_of(contact_id: str, moment: datetime) -> Past:
    """Return what somebody allowed at a moment, told by the log alone: by the last record before it.

    It costs one short read a contact, however long the log is.
    """
    own = _stood(contact_id, moment)
    people = own.people or (contact_id,)
    return Past(moment, [own if each == contact_id else _stood(each, moment) for each in people])


def _stood(contact_id: str, moment: datetime) -> Preferences:
    """Return what a contact allowed by its own last record up to a moment; the defaults where there is none."""
    record = next(_back(contact_id, moment), None)
    if record is None:
        return Preferences(contact_id)
    return Preferences(
        contact_id,
        version=record.number,
        changed_at=record.changed_at,
        record=record.change_id,
        people=tuple(record.people or ()),
        **record.state,
    )


def _back(contact_id: str, moment: datetime) -> Iterator[ChangeRow]:
    """Yield a contact's changes of preferences up to a moment, newest first."""
    until = ChangeRow.sk.between("CHANGE#", f"CHANGE#{as_text(moment)}#\uffff")
    found = ChangeRow.query(
        f"CONTACT#{contact_id}", until, scan_index_forward=False, page_size=10, consistent_read=True
    )
    return (each for each in found if each.state is not None)


def proofs(past: Past) -> list[Proof]:
    """Return the records by which settings stood at a moment that are no defaults, for each identity, newest first."""
    return [proof for one in past.each for proof in _proofs(one, past.at)]


def _proofs(stood: Preferences, moment: datetime) -> Iterable[Proof]:
    wanted = {name for name, value in stood.fields().items() if value != getattr(Preferences(""), name)}
    for record in islice(_back(stood.contact_id, moment), MOST_LOOKED_AT):
        if settles := sorted(wanted & record.after.keys()):
            yield Proof(record, settles)
        wanted -= record.after.keys()
        if not wanted:
            return
