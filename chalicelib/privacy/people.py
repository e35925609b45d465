"""Who somebody is that demands something: found by an address, a number, or a contact's id."""

from collections.abc import Iterable

from msgspec import Struct

from chalicelib.contacts import reading
from chalicelib.contacts import service as contacts
from chalicelib.contacts.blocks import tail
from chalicelib.contacts.fields import EMAILS
from chalicelib.contacts.models import Contact, ContactsItem, Merge
from chalicelib.contacts.normalise import email as read_email
from chalicelib.contacts.normalise import phone as read_phone
from chalicelib.errors import Conflict, Invalid
from chalicelib.holdings import Person
from chalicelib.leads import reading as leads

MOST = 100  # contacts with the same number that are looked at


class Found(Struct, frozen=True):
    """Somebody: the contact that counts, all that were merged into it, its leads, and who it was or may be as well.

    `parted` are contacts that were merged into it and are by themselves again; `alike` have a key in common with it.
    """

    contact_id: str
    identities: list[str]
    leads: list[str]
    parted: list[str]
    alike: list[str]


def find(identifier: str) -> list[Found]:
    """Return everybody who is known by an identifier. Raises Invalid for an address or a number that is none."""
    people = contacts.who_are(_holders(identifier))
    return [_told(who.id, list(who.ids)) for who in people]


def _holders(identifier: str) -> list[str]:
    if "@" in identifier:
        read_email(identifier, "identifier")
        try:
            return [each.contact_id for each in contacts.by_email(identifier)]
        except Conflict:
            return []  # no strategy by address is in use: the officer names the contacts
    if contacts.exists(identifier):
        return [identifier]
    return _numbered(read_phone(identifier, field="identifier"))


def _numbered(number: str) -> list[str]:
    found = ContactsItem.by_phone_tail.query(tail(number) or "", limit=MOST)
    ids = [item.pk.removeprefix("CONTACT#") for item in found if isinstance(item, Contact)]
    return [each.contact_id for each in contacts.find_many(ids) if number in _numbers([each])]


def _told(contact_id: str, identities: list[str]) -> Found:
    rows = (Merge.query(f"CONTACT#{each}", Merge.sk.startswith("MERGE#"), limit=MOST) for each in identities)
    undone = {row.other_id for each in rows for row in each if row.undone_at is not None}
    alike = {each.other_id for one in identities for each in reading.duplicates(one)}
    own = [each.lead_id for each in leads.of_person(identities, merged=True)]
    return Found(contact_id, identities, sorted(own), sorted(undone - set(identities)), sorted(alike - set(identities)))


def person(contact_ids: Iterable[str], identifier: str | None) -> Person:
    """Return whom a job looks for: all that the contacts are, and all that they are known by."""
    ids = [one for who in contacts.who_are(contact_ids) for one in who.ids]
    rows = contacts.find_many(ids)
    addresses = {key for row in rows for name in EMAILS if (key := _address(getattr(row, name))) is not None}
    given = identifier or ""
    if "@" in given:
        addresses.add(read_email(given, "identifier").key)
        return Person(frozenset(ids), frozenset(addresses), _numbers(rows))
    own = () if not given or given in ids else (read_phone(given, field="identifier"),)
    return Person(frozenset(ids), frozenset(addresses), _numbers(rows) | frozenset(own))


def _address(value: str | None) -> str | None:
    return read_email(value).key if value else None


def _numbers(rows: Iterable[Contact]) -> frozenset[str]:
    """Return the mobile numbers of contacts, and other numbers of those without an address: others are a company's."""
    numbers = [each for row in rows for each in (row.mobile_phone, row.phone if not row.email else None) if each]
    return frozenset(number for each in numbers if (number := _number(each)) is not None)


def _number(value: str) -> str | None:
    try:
        return read_phone(value)
    except Invalid:
        return None
