"""Which subscription lists and static segments the people of a file join, each in the transaction of its row."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.conditions.sources import Identity
from chalicelib.consent.plans import Evidence
from chalicelib.consent.subscriptions import plans, records, service
from chalicelib.consent.subscriptions.models import subscription_key
from chalicelib.consent.subscriptions.plans import Said
from chalicelib.consent.subscriptions.rules import State, of_person
from chalicelib.contacts.service import Prepared
from chalicelib.dynamodb import Key, Look, Write
from chalicelib.errors import Conflict, NotFound, Problem
from chalicelib.segments import plans as segment_plans
from chalicelib.segments import service as segments
from chalicelib.segments.models import membership_key


class Joins(Struct, frozen=True):
    """What everybody joins whom a file tells of."""

    lists: Sequence[str] = ()
    segments: Sequence[str] = ()


class Joined(Struct, frozen=True):
    """What joining writes, and the lists that somebody left before and does not come back to (invariant 7)."""

    writes: Sequence[Write] = ()
    kept_off: Sequence[str] = ()


def problems(joins: Joins) -> list[Problem]:
    """Return a problem for each list that cannot be joined, and for each segment that is not static."""
    open_ones = {each.list_id for each in records.find_many(joins.lists) if each.stopped_at is None}
    found = [
        Problem(f"lists.{at}", "There is no list of this id that can be joined.")
        for at, each in enumerate(joins.lists)
        if each not in open_ones
    ]
    return [*found, *(one for at, each in enumerate(joins.segments) for one in _of_segment(at, each))]


def _of_segment(at: int, segment_id: str) -> Iterator[Problem]:
    try:
        segments.require_static(segment_id)
    except (Conflict, NotFound) as error:
        yield Problem(f"segments.{at}", str(error))


def keys(joins: Joins, contact_ids: Iterable[str]) -> Iterator[Key]:
    """Yield what joining will ask of contacts that are known."""
    for contact_id in contact_ids:
        yield from (subscription_key(contact_id, each) for each in joins.lists)
        yield from (membership_key(contact_id, each) for each in joins.segments)


def plan(
    joins: Joins, prepared: Prepared[Any], evidence: Evidence, change_id: str, now: datetime, look: Look
) -> Joined:
    """Let a contact join, as the person that it is. Nobody comes back to a list by somebody else's file."""
    contact = prepared.record
    who = Identity((contact.contact_id, *sorted(contact.identities or ())))
    look = _nothing if prepared.created else look
    writes, kept_off = list[Write](), list[str]()
    for standing in service.standings(who, joins.lists, look):
        if of_person(standing.states) is State.UNSUBSCRIBED:
            kept_off.append(standing.list_id)
        else:
            writes += plans.move(standing, State.SUBSCRIBED, Said(evidence, change_id), now)
    memberships = look(membership_key(who.id, each) for each in joins.segments)
    for segment_id, before in zip(joins.segments, memberships, strict=True):
        writes += segment_plans.put_in(segment_id, who.id, before, now)
    return Joined(writes, kept_off)


def _nothing(keys: Iterable[Key]) -> list[Any]:
    """There are no rows of who is new."""
    return [None for _ in keys]
