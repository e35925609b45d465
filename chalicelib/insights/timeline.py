"""Use case: all that happened with a person in one order, latest first, a page at a time.

Each kind of thing lies in an order of its own; they are merged as they are read. A page costs some requests more than
there are types of interactions and leads, however much there is of each.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from heapq import merge
from itertools import dropwhile, groupby, islice
from typing import Any

from msgspec import Struct

from chalicelib.activities.models import ActivitiesItem, Activity, Note
from chalicelib.clock import as_text, from_text
from chalicelib.conditions.durations import END_OF_TIME
from chalicelib.consent.models import ChangeRow
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import Key, read
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.reading import types_of
from chalicelib.leads.models import Lead, LeadsItem, Move
from chalicelib.lists import Asked, Page
from chalicelib.tokens import seal, unseal

MOST_LEADS = 25
"""Leads whose moves are told: the latest of a person."""
WITHDRAWN = "withdrawn"


class Kind(StrEnum):
    """What a timeline tells of; of two at the same instant the later in this list comes first."""

    ACTIVITY = "activity"
    CONSENT = "consent"
    INTERACTION = "interaction"
    LEAD = "lead"
    MOVE = "move"
    NOTE = "note"


Position = tuple[str, str, str]


class Entry(Struct, frozen=True):
    """Something that happened. What an index lists is read (`key`) once it is known to be on the page."""

    at: datetime
    kind: Kind
    id: str
    row: Any = None
    key: Key | None = None

    @property
    def position(self) -> Position:
        return as_text(self.at), self.kind, self.id


Source = Callable[[Sequence[str], datetime, int], Iterator[Iterable[Entry]]]
"""all that a person is, a moment, about how many → what happened until then, each latest first, read as it is asked."""


def page(contact_id: str, kinds: Sequence[Kind], asked: Asked, now: datetime) -> Page[Entry]:
    """Return a page of what happened with somebody, as any of its identities. Raises NotFound, Invalid."""
    who = contacts.find_who(contact_id)
    after = _place(asked.cursor) if asked.cursor else None
    until = from_text(after[0]) if after else now
    streams = [steady(each) for kind in kinds for each in SOURCES[kind](who.ids, until, asked.limit + 1)]
    merged = merge(*streams, key=lambda entry: entry.position, reverse=True)
    behind = merged if after is None else dropwhile(lambda entry: entry.position >= after, merged)
    once = (next(same) for _, same in groupby(behind, key=lambda entry: entry.position))
    found = list(islice(once, asked.limit + 1))
    cursor = seal("timeline", "|".join(found[asked.limit - 1].position)) if len(found) > asked.limit else None
    return Page(list(_filled(found[: asked.limit])), cursor)


def _place(cursor: str) -> Position:
    at, kind, identity = unseal("timeline", cursor).split("|")
    return at, kind, identity


def steady(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Put what happened at one instant into an order that is always the same; an index has none there."""
    for _, same in groupby(entries, key=lambda entry: entry.at):
        yield from sorted(same, key=lambda entry: entry.id, reverse=True)


def _filled(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Read what indexes listed; what is gone by now did not happen any more."""
    asked = [entry.key for entry in entries if entry.key is not None]
    known = dict(zip(asked, read(asked), strict=True)) if asked else {}
    for entry in entries:
        row = entry.row if entry.key is None else known[entry.key]
        if row is not None:
            yield Entry(entry.at, entry.kind, entry.id, row)


# Sources -----------------------------------------------------------------------------------------------------------


def _interactions(ids: Sequence[str], until: datetime, most: int) -> Iterator[Iterable[Entry]]:
    for contact_id in ids:
        for type_ in types_of(contact_id):
            yield _of_type(contact_id, type_, until, most)


def _of_type(contact_id: str, type_: str, until: datetime, most: int) -> Iterator[Entry]:
    between = Interaction.sk.between(f"{type_}#", f"{type_}#{as_text(until)}#~")
    for row in Interaction.query(f"CONTACT#{contact_id}", between, scan_index_forward=False, page_size=most):
        if row.verdict != WITHDRAWN:
            yield Entry(row.at, Kind.INTERACTION, row.interaction_id, row)


def _leads(ids: Sequence[str], until: datetime, most: int) -> Iterator[Iterable[Entry]]:
    return (_leads_of(contact_id, until, most) for contact_id in ids)


def _leads_of(contact_id: str, until: datetime, most: int) -> Iterator[Entry]:
    """The index holds opportunities and stakes as well, as the kinds of its entries tell."""
    listed = LeadsItem.by_contact.query(contact_id, Lead.created_at <= until, scan_index_forward=False, page_size=most)
    for item in listed:
        if isinstance(item, Lead):
            identity = item.pk.removeprefix("LEAD#")
            yield Entry(item.created_at, Kind.LEAD, identity, key=Key(Lead, *Lead.at(identity)))


def _moves(ids: Sequence[str], until: datetime, most: int) -> Iterator[Iterable[Entry]]:
    each = (steady(_leads_of(contact_id, END_OF_TIME, MOST_LEADS)) for contact_id in ids)
    latest = merge(*each, key=lambda entry: entry.position, reverse=True)
    return (_moves_of(lead.id, until, most) for lead in islice(latest, MOST_LEADS))


def _moves_of(lead_id: str, until: datetime, most: int) -> Iterator[Entry]:
    between = Move.sk.between("HISTORY#", f"HISTORY#{as_text(until)}#~")
    for row in Move.query(f"LEAD#{lead_id}", between, scan_index_forward=False, page_size=most):
        yield Entry(row.at, Kind.MOVE, f"{lead_id}.{row.sk.rpartition('#')[2]}", row)


def _consent(ids: Sequence[str], until: datetime, most: int) -> Iterator[Iterable[Entry]]:
    return (_changes_of(contact_id, until, most) for contact_id in ids)


def _changes_of(contact_id: str, until: datetime, most: int) -> Iterator[Entry]:
    between = ChangeRow.sk.between("CHANGE#", f"CHANGE#{as_text(until)}#~")
    for row in ChangeRow.query(f"CONTACT#{contact_id}", between, scan_index_forward=False, page_size=most):
        if row.after:  # a merge says only who was one person from then on
            yield Entry(row.changed_at, Kind.CONSENT, row.sk.rpartition("#")[2], row)


def _notes(ids: Sequence[str], until: datetime, most: int) -> Iterator[Iterable[Entry]]:
    return (_regarding(Note.regards("contact", each), Kind.NOTE, until, most) for each in ids)


def _activities(ids: Sequence[str], until: datetime, most: int) -> Iterator[Iterable[Entry]]:
    return (_regarding(f"contact#{each}", Kind.ACTIVITY, until, most) for each in ids)


def _regarding(listed_as: str, kind: Kind, until: datetime, most: int) -> Iterator[Entry]:
    model: type[Any] = Note if kind is Kind.NOTE else Activity
    until_then = model.created_at <= until
    listed: Any = ActivitiesItem.by_regarding.query(listed_as, until_then, scan_index_forward=False, page_size=most)
    for item in listed:
        identity = (item.sk if kind is Kind.NOTE else item.pk).partition("#")[2]
        yield Entry(item.created_at, kind, identity, key=Key(model, item.pk, item.sk))


SOURCES: Mapping[Kind, Source] = {
    Kind.ACTIVITY: _activities,
    Kind.CONSENT: _consent,
    Kind.INTERACTION: _interactions,
    Kind.LEAD: _leads,
    Kind.MOVE: _moves,
    Kind.NOTE: _notes,
}
