"""Who a browser turned out to be, and what it did before that: credited in bounded parts, whatever repeats or races."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib import dynamodb, queues
from chalicelib.agenda import due_shard
from chalicelib.capture.models import Visitor, visitor_key
from chalicelib.clock import digest
from chalicelib.consent import service as consent
from chalicelib.consent.rules import trackable
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, Look, Write, commit, delete, put, update
from chalicelib.interactions import service as interactions

QUEUE = "submissions"
IDENTIFIED = "visitor.identified"
WORK = "visitor"
LATER = timedelta(minutes=5)
"""When a visitor's past is looked at once more: whoever did not know yet whose it is has written by then."""
MOST = 1000  # of a visitor's rows, the newest of each type first, that are looked at


def contact_of(visitor_id: str, look: Look = dynamodb.read) -> str | None:
    """Return the contact that a browser is known as."""
    [visitor] = look([visitor_key(visitor_id)])
    return visitor.contact_id if visitor is not None else None


def another(visitor_id: str, contact_id: str) -> str:
    """Return the visitor that somebody else at the same device is, the same however often it is asked for."""
    return digest("visitor", visitor_id, contact_id)


def binding(visitor_id: str, contact_id: str, now: datetime) -> Write:
    """Return what ties a browser to a contact (WEB-5): for good, so that nobody gets what another one did."""
    visitor = Visitor(
        *Visitor.at(visitor_id),
        contact_id=contact_id,
        since=now,
        due=now + LATER,
        due_shard=due_shard(WORK, visitor_id),
    )
    return put(visitor, Visitor.pk.does_not_exist() | (Visitor.contact_id == contact_id))


def bind(visitor_id: str, contact_id: str, now: datetime) -> str:
    """Tie a browser to a contact unless it is tied already; return whose it is."""
    known = contact_of(visitor_id)
    if known is None:
        try:
            commit([binding(visitor_id, contact_id, now)])
        except ConditionFailed:
            return contact_of(visitor_id) or contact_id
    return known or contact_id


# What it did before ------------------------------------------------------------------------------------------------


def credit(message: Mapping[str, Any], now: datetime) -> None:
    """Credit a part of what a visitor did to its contact (decision 34); what is left is another message's.

    Who refuses to be tracked gets nothing credited. The message says where to go on (`after`), how many rows were
    looked at (`seen`), and whether it was the agenda that asked, which is told when all is done.
    """
    visitor = Visitor.find(*Visitor.at(message["visitor"]))
    if visitor is None:
        return
    if message["fact"] == "due":
        _asked_again(visitor, now)
    seen, after = message.get("seen", 0), _credited(visitor, message.get("after"), now)
    seen += interactions.A_PART
    if after is not None and seen < MOST:
        told = {"fact": IDENTIFIED, "visitor": message["visitor"], "after": after, "seen": seen}
        queues.send(QUEUE, [{**told, "due": _due(message)}])
    elif _due(message):
        _done(visitor)


def _due(message: Mapping[str, Any]) -> bool:
    return message["fact"] == "due" or bool(message.get("due"))


def _credited(visitor: Visitor, after: str | None, now: datetime) -> str | None:
    """Credit a part and return where the next begins, None where there is none."""
    visitor_id = visitor.pk.partition("#")[2]
    who = next(iter(contacts.who_are([visitor.contact_id])), None)
    if who is None or not trackable(consent.of_person(who)):
        return None
    return interactions.credit(visitor_id, who.id, now, after=after).after


def _asked_again(visitor: Visitor, now: datetime) -> None:
    """Let the agenda ask again later, should whoever works on it now not come to its end."""
    move = update(visitor.key, Visitor.due.set(now + LATER), condition=Visitor.due.exists())
    _unless_gone(move)


def _done(visitor: Visitor) -> None:
    _unless_gone(update(visitor.key, Visitor.due.remove(), Visitor.due_shard.remove(), condition=Visitor.pk.exists()))


def _unless_gone(write: Write) -> None:
    try:
        commit([write])
    except ConditionFailed:
        return


def forget(contact_id: str, visitor_ids: Iterable[str]) -> bool:
    """Delete who a deleted contact's browsers were, and what they did before; return whether nothing is left."""
    gone = [_forgotten(contact_id, each) for each in sorted(set(visitor_ids))]
    return all(gone)


def _forgotten(contact_id: str, visitor_id: str) -> bool:
    """Rows go first: as long as there are any, the visitor still says whose they are."""
    if contact_of(visitor_id) not in {contact_id, None}:
        return True
    if not interactions.sweep_visitor(visitor_id):
        return False
    _unless_gone(delete(visitor_key(visitor_id), Visitor.contact_id == contact_id))
    return True
