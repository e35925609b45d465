"""Who of those that were erased is in a row: its contact has a tombstone, or it names an address or number with one.

What names somebody counts if it is older than the tombstone: what the person sent afterwards is a new start.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.contacts import reading as contacts
from chalicelib.contacts import tombstones
from chalicelib.contacts.fields import EMAILS, PHONES
from chalicelib.contacts.models import Contact
from chalicelib.contacts.normalise import email as read_email
from chalicelib.contacts.tombstones import ADDRESS, CONTACT, LONG_AGO, NUMBER, Place
from chalicelib.errors import Invalid
from chalicelib.holdings import Held, Holding, Noun, Person, texts_of

WRITTEN_ADDRESS = re.compile(r"[^\s<>\"'(),;:\\@]{1,64}@[^\s<>\"'(),;:\\@]{3,255}")
WRITTEN_NUMBER = re.compile(r"[+\d][\d ()./-]{6,30}")
MOST = 50  # addresses or numbers of one row


def known_contacts(holding: Holding, rows: Iterable[Any]) -> list[str]:
    """Return the contacts with a tombstone to which something of this belongs, but who came anew under the same id."""
    ids = {each for row in rows if (each := _contact_of(holding, row)) is not None}
    stones = tombstones.known((CONTACT, each) for each in ids)
    anew = {each.contact_id for each in contacts.find_many(one for _, one in stones) if not older(each, stones)}
    return sorted({each for _, each in stones} - anew)


def older(contact: Contact, stones: tombstones.Known) -> bool:
    at = stones.get((CONTACT, contact.contact_id))
    return at is not None and contact.created_at <= at


def _contact_of(holding: Holding, row: Any) -> str | None:
    """Return the contact that a row belongs to, by its partition or by what it says."""
    prefix = holding.partitions.get(Noun.CONTACT)
    if prefix is not None and row.pk.startswith(prefix):
        return str(row.pk.removeprefix(prefix))
    found: str | None = getattr(row, "contact_id", None)
    return found


# By what a row names -----------------------------------------------------------------------------------------------


class Named(Struct, frozen=True):
    """A row, and what it names: addresses, else numbers, which may be a whole company's."""

    row: Any
    places: Set[Place]


def people(holding: Holding, rows: Iterable[Any]) -> Iterator[tuple[Any, Person]]:
    """Yield each row that names somebody who was erased after it was written, and who that is."""
    named = [_named(each) for each in rows if isinstance(holding.of(each), Held)]
    stones = tombstones.known({place for each in named for place in each.places})
    hits = [(each.row, gone) for each in named if (gone := _gone(each, stones))]
    there = {
        each.contact_id for each in contacts.find_many({getattr(row, "contact_id", None) or "" for row, _ in hits})
    }
    for row, gone in hits:
        person, kind = _whole(row, gone, there), holding.of(row)
        if isinstance(kind, Held) and kind.whose(person, row):
            yield row, person


def _named(row: Any) -> Named:
    if isinstance(row, Contact):
        return Named(row, _known_by(row))
    texts = list(texts_of(row.attribute_values))
    addresses = _found(WRITTEN_ADDRESS, texts, _address)
    return Named(row, addresses or _found(WRITTEN_NUMBER, texts, _number))


def _known_by(contact: Contact) -> Set[Place]:
    """Return what a contact is known by first: the rest of it may be another's that was merged into it."""
    own = next((value for name in (*EMAILS, *PHONES) if (value := getattr(contact, name)) is not None), None)
    if own is None:
        return set()
    place = _address(own) if "@" in own else _number(own)
    return {place} if place is not None else set()


def _found(pattern: re.Pattern[str], texts: Sequence[str], read: Callable[[str], Place | None]) -> Set[Place]:
    written = sorted({each for text in texts for each in pattern.findall(text)})
    return {place for each in written[:MOST] if (place := read(each)) is not None}


def _address(written: str) -> Place | None:
    try:
        return ADDRESS, read_email(written.strip(".")).key
    except Invalid:
        return None


def _number(written: str) -> Place:
    return NUMBER, "+" + re.sub(r"\D", "", written).removeprefix("00")


def _gone(named: Named, stones: tombstones.Known) -> Set[Place]:
    written = _written_at(named.row)
    return {each for each in named.places if each in stones and written <= stones[each]}


def _written_at(row: Any) -> datetime:
    """Return the earliest instant that a row knows; one that knows none is as old as can be."""
    instants = [each for each in row.attribute_values.values() if isinstance(each, datetime)]
    return min(instants, default=LONG_AGO)


def _whole(row: Any, gone: Set[Place], there: Set[str]) -> Person:
    """Return who it is, with the row's contact: itself, or one that is not there any more."""
    contact_id = getattr(row, "contact_id", None)
    own = {contact_id} if contact_id and (isinstance(row, Contact) or contact_id not in there) else set[str]()
    addresses, phones = (frozenset(key for what, key in gone if what == one) for one in (ADDRESS, NUMBER))
    return Person(frozenset(own), addresses, phones)


def strangers(people_of_one: Iterable[Contact]) -> list[Contact]:
    """Return who of the contacts that are one person was not erased: known by something, and by nothing erased."""
    each = list(people_of_one)
    by_id = tombstones.known((CONTACT, one.contact_id) for one in each)
    by_name = tombstones.known({place for one in each for place in _known_by(one)})
    return [one for one in each if _known_by(one) and not older(one, by_id) and not _gone(_named(one), by_name)]
