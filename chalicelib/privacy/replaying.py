"""The second step after a restore: whoever was erased and came back is erased again, before anybody is served.

Two things tell that a row must not be there: it is of somebody with a tombstone (`returned`), or of a contact or a lead
that is not there. What a page finds becomes an erasure, with its two runs and its receipt. Where nothing came back
nothing is done, so it is safe at any time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from chalicelib.clock import digest
from chalicelib.contacts import deletion, merging, tombstones
from chalicelib.contacts import service as contacts
from chalicelib.contacts.models import Deleted
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.dynamodb import SHARDS, ConditionFailed, commit, put_new, scan_slice
from chalicelib.errors import Unavailable
from chalicelib.holdings import Holding, Noun, Person
from chalicelib.leads import reading as leads
from chalicelib.leads.models import DeletedLead
from chalicelib.lists import Asked
from chalicelib.privacy import carrying, erasing, people, returned, service, walking
from chalicelib.privacy.holdings import HOLDINGS
from chalicelib.privacy.kinds import Progress, Type, deadline
from chalicelib.privacy.models import Request, Search

WORK = "replay-erasures"
BY = "system"
NOTE = "Came back by a restore."
ROUNDS = 20  # contacts that are parted from one
MOST_LISTED = 100
TOGETHER = 40  # records or rows of one erasure, which is begun in one transaction

OWNED = (Noun.CONTACT, Noun.LEAD)
TABLES: Sequence[Holding] = tuple(
    each for each in HOLDINGS if each.looked_through or any(each.partitions.get(n) or each.found.get(n) for n in OWNED)
)

Arguments = Mapping[str, Any]


def begin(replay_id: str, now: datetime) -> None:
    """Make the job; the same id again changes nothing."""
    with suppress(ConditionFailed):
        commit(jobs.plan(job_id(replay_id), JobWanted(WORK, {"replay": replay_id}, delay=0), now))


def job_id(replay_id: str) -> str:
    return f"{WORK}-{replay_id}"


def unfinished() -> list[str]:
    """Return the requests of whoever came back that were not gone through once yet: until then nobody is served."""
    return [each for each in _open() if (search := Search.find(*Search.at(each))) is not None and search.run == 1]


def _open() -> Iterator[str]:
    asked = Asked(limit=MOST_LISTED)
    while True:
        page = service.by_deadline(asked)
        yield from (each.request_id for each in page.items if each.note == NOTE and each.created_by == BY)
        if page.next_cursor is None:
            return
        asked = Asked(MOST_LISTED, page.next_cursor)


def pages(_: Arguments, number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    """Return what came back of a page: `<noun>#<id>` of records that are not there, and keys of rows as JSON."""
    at, place = json.loads(cursor) if cursor else (0, None)
    holding = TABLES[at]
    raws, after = scan_slice(holding.table, number, SHARDS, place, walking.PAGE)
    rows = list(walking.rows(holding, raws))
    owners = {f"{Noun.CONTACT}#{each}" for each in returned.known_contacts(holding, rows)}
    named = [walking.key_id(row.key) for row, _ in returned.people(holding, rows)]
    following = [at, after] if after else [at + 1, None] if at + 1 < len(TABLES) else None
    return [*sorted({*owners, *_ownerless(holding, rows)}), *named], json.dumps(following) if following else None


def _ownerless(holding: Holding, rows: Iterable[Any]) -> list[str]:
    """Return the contacts and leads that are not there, though something that belongs to them is."""
    swept = [
        each for each in rows if not isinstance(each, Deleted | DeletedLead)
    ]  # what says that it is being swept stays
    return [
        f"{noun}#{identity}"
        for noun in OWNED
        if (prefix := holding.partitions.get(noun)) is not None
        for identity in _missing(noun, {each.pk.removeprefix(prefix) for each in swept if each.pk.startswith(prefix)})
    ]


def _missing(noun: Noun, ids: set[str]) -> list[str]:
    if noun is Noun.CONTACT:
        there = {each.contact_id for each in contacts.find_many(ids)}
    else:
        there = {each.lead_id for each in leads.find_many(ids)}
    return sorted(ids - there)


def act(arguments: Arguments, ids: Sequence[str], now: datetime) -> None:
    """Begin the erasure of whoever these are; the same ids again are the same request."""
    for start in range(0, len(ids), TOGETHER):
        together = ids[start : start + TOGETHER]
        _erase(digest(arguments["replay"], *together), list(_people(together)), now)


def _people(ids: Iterable[str]) -> Iterator[Person]:
    for each in ids:
        if each.startswith("["):
            holding, row = walking.row_of(each)
            yield from (person for _, person in returned.people(holding, [row] if row is not None else []))
        else:
            noun, _, identity = each.partition("#")
            own = frozenset({identity})
            yield Person(contacts=own) if noun == Noun.CONTACT else Person(leads=own)


def _by_itself(contact_id: str, now: datetime) -> Sequence[str]:
    """Return all that an erased contact is, after it was parted from whoever was not erased: they were one before."""
    for _ in range(ROUNDS):
        who = contacts.who_is(contact_id)
        rows = contacts.find_many(who.ids)
        others = {each.contact_id for each in returned.strangers(rows)}
        if not others or who.contact is None:
            return who.ids
        parting = contact_id if who.id in others else min(others)
        merging.undo(who.id, (who.contact.identities or {})[parting], BY, now)
    raise Unavailable("Somebody is merging these contacts at this moment.")


def _erase(request_id: str, found: Sequence[Person], now: datetime) -> None:
    if not found:
        return
    contact_ids = sorted({one for each in found for own in each.contacts for one in _by_itself(own, now)})
    person = _together([people.person(contact_ids, None), *found], now)
    request = Request(*Request.at(request_id), request_id=request_id, type=Type.ERASE, progress=Progress.IN_PROGRESS)
    request.owner_id = request.created_by = request.started_by = BY
    request.received_at = request.created_at = request.started_at = request.updated_at = now
    request.deadline, request.note, request.contact_ids = deadline(now), NOTE, contact_ids
    request.list_it()
    left = [deletion.left_over(each, now) for each in _missing(Noun.CONTACT, set(contact_ids))]
    with suppress(ConditionFailed):  # it was begun before
        commit(
            [put_new(request), put_new(carrying.sought(request_id, person, now))],
            left,
            erasing.plan(request_id, 1, erasing.AT_ONCE, now),
        )


def _together(each: Sequence[Person], now: datetime) -> Person:
    """Return several as one, forgotten when the last of them was: who began anew since then goes on.

    An address or a number without a tombstone is one that it had at that moment: all that names it goes.
    """

    def every(name: str) -> frozenset[str]:
        return frozenset(known for one in each for known in getattr(one, name))

    person = Person(every("contacts"), every("addresses"), every("phones"), every("leads"))
    named = [place for place in tombstones.places(person) if place[0] != tombstones.CONTACT]
    stones = tombstones.known(named)
    return replace(person, forgotten_at=max((stones.get(place, now) for place in named), default=now))


def done(_: Arguments) -> None:
    """What came back is being erased by jobs of its own."""
