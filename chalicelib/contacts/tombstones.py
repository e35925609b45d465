"""Who asked to be forgotten: a keyed hash of each address, number and contact, and when (invariant 13, decision 103).

Nothing that was collected before that moment brings the person back: no list, no late response of another system. What
the person sends itself afterwards is a new start (decision 40), and so is what somebody writes by hand.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.contacts.fields import EMAILS, PHONES
from chalicelib.contacts.models import ContactsItem
from chalicelib.contacts.normalise import key_of
from chalicelib.dynamodb import InstantAttribute, Key, Look, Write, check, put, read
from chalicelib.errors import Conflict, Invalid
from chalicelib.holdings import Person
from chalicelib.tokens import keyed_hash

ADDRESS, NUMBER, CONTACT = "address", "number", "contact"
PREFIX = "TOMBSTONE#"
LONG_AGO = datetime.min.replace(tzinfo=UTC)

HELD = Conflict("This person asked to be forgotten. No list may bring them back; they can come again themselves.")

FORGOTTEN = Conflict("Whoever sent this asked to be forgotten since, so it comes to nothing.")


class Tombstone(ContactsItem, discriminator="tombstone"):
    """Somebody with this address or number, or this contact, was erased because of a request."""

    erased_at = InstantAttribute()
    request_id = UnicodeAttribute()

    @staticmethod
    def at(what: str, key: str) -> tuple[str, str]:
        return f"{PREFIX}{keyed_hash('tombstone', what, key)}", "TOMBSTONE"


Place = tuple[str, str]
"""ADDRESS, NUMBER or CONTACT, and the match key or id."""


def places(person: Person) -> list[Place]:
    """Return what a person is known by: addresses, numbers, contacts."""
    each = ((ADDRESS, person.addresses), (NUMBER, person.phones), (CONTACT, person.contacts))
    return [(what, key) for what, keys in each for key in sorted(keys)]


def plan(person: Person, request_id: str, now: datetime) -> list[Write]:
    """Return the writes that keep a person from coming back; who is erased twice has one of each."""
    return [put(each) for each in rows(person, request_id, now)]


def rows(person: Person, request_id: str, at: datetime) -> list[Tombstone]:
    return [Tombstone(*Tombstone.at(*each), erased_at=at, request_id=request_id) for each in places(person)]


def named(name: str, request_id: str, at: datetime) -> Tombstone:
    """Return the tombstone that a receipt names."""
    return Tombstone(f"{PREFIX}{name}", "TOMBSTONE", erased_at=at, request_id=request_id)


Known = Mapping[Place, datetime]
"""What has a tombstone, and when somebody with that was erased."""


def known(wanted: Iterable[Place]) -> Known:
    """Return which of these have a tombstone, read consistently, 100 in a request."""
    asked = list(wanted)
    stones = read(_at(*each) for each in asked)
    return {place: each.erased_at for place, each in zip(asked, stones, strict=True) if each is not None}


def keys(values: Mapping[str, Any]) -> list[Key]:
    """Return where the tombstones of somebody with these values would lie.

    A number may be a whole company's: it counts where there is no address.
    """
    addresses = [key for name in EMAILS if (key := _key(name, values)) is not None]
    if addresses:
        return [_at(ADDRESS, each) for each in addresses]
    return [_at(NUMBER, key) for name in PHONES if (key := _key(name, values)) is not None]


def _key(name: str, values: Mapping[str, Any]) -> str | None:
    try:
        return key_of(name, values.get(name))
    except Invalid:
        return None  # it is told by whoever reads the field


def _at(what: str, key: str) -> Key:
    return Key(Tombstone, *Tombstone.at(what, key))


def erased_at(values: Mapping[str, Any], look: Look = read) -> datetime | None:
    """Return when somebody with these values was erased last, None for who never was."""
    found = [each.erased_at for each in look(keys(values)) if each is not None]
    return max(found, default=None)


def refuse_older(values: Mapping[str, Any], sent_at: datetime) -> list[Write]:
    """Return the checks that nobody with these values asks to be forgotten meanwhile. Raises Conflict for who did."""
    places = keys(values)
    stones = [each for each in read(places) if each is not None]
    if any(sent_at <= each.erased_at for each in stones):
        raise FORGOTTEN
    return [] if stones else [check(each, Tombstone.pk.does_not_exist()) for each in places]


def refuse(values: Mapping[str, Any], look: Look = read) -> None:
    """Raise Conflict where a list would bring back who was erased."""
    if erased_at(values, look) is not None:
        raise HELD
