"""What the use cases of contacts write: the contact, its claims and suggestions, its time at an account."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.clock import as_text
from chalicelib.contacts import strategies
from chalicelib.contacts.claims import Book, change, places
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.handing import sourced
from chalicelib.contacts.models import Account, Contact, Duplicate, Heir, Membership, Owner
from chalicelib.contacts.reading import key
from chalicelib.dynamodb import Key, Write, delete, put, put_changed, put_new, update
from chalicelib.errors import Problem, Unprocessable

BOOK = Book(Owner, Heir, key)
MERGED = "merged"
"""Why two contacts are suggested of which one has the other's key only since a merge."""


def new(contact_id: str, values: Mapping[str, Any], context: MarketingContext, now: datetime) -> Contact:
    """Return a contact, not yet written, of the values that are there."""
    given = {name: value for name, value in values.items() if value is not None}
    pk, sk = Contact.at(contact_id)
    known: dict[str, Any] = {**given, **context.named()}
    contact = Contact(pk, sk, contact_id=contact_id, created_at=now, updated_at=now, **known)
    contact.list_by_name()
    return contact


def claim(
    contact: Contact, old: Mapping[str, str], now: datetime, owners: Mapping[str, Any] | None = None
) -> tuple[list[Write], Mapping[str, str]]:
    """Bring a contact's claims up to date with its values; returns the writes and whose keys it met."""
    contact.claims = places_of(contact)
    old, new = _own(contact, old), _own(contact, contact.claims)
    changes = change(BOOK, contact.contact_id, old, new, now, owners=owners)
    others = {other: strategy for strategy, other in changes.met.items()}  # once, whatever strategies they share
    suggested = [suggest(contact.contact_id, other, strategy, now) for other, strategy in others.items()]
    return [*changes.writes, *(write for both in suggested for write in both)], changes.met


def made(
    contact: Contact, now: datetime, owners: Mapping[str, Any] | None = None
) -> tuple[list[Write], Mapping[str, str]]:
    """Return the writes of a contact that somebody makes (itself, claims, time at an account), whose keys it met."""
    claims, met = claim(contact, {}, now, owners)
    began = joined(contact, now)  # completes the contact itself, as claiming does, so it comes before that is put
    return [put_new(contact), *claims, *began], met


def places_of(contact: Contact) -> dict[str, str]:
    """Return the places of the claims that a contact's values make, by strategy."""
    return places(strategies.in_use(strategies.CONTACT), contact.matched_by)


def places_of_all(contacts: Iterable[Contact], merges: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the places that somebody holds for those who were merged into it, with the merges."""
    return sourced((place, merges[each.contact_id]) for each in contacts for place in places_of(each).values())


def _own(contact: Contact, claims: Mapping[str, str]) -> dict[str, str]:
    """Leave out what it holds for who was merged into it, whatever its own values become."""
    return {strategy: place for strategy, place in claims.items() if place not in (contact.inherited or ())}


def suggest(contact_id: str, other_id: str, strategy_id: str, now: datetime) -> list[Write]:
    """Suggest on both sides that two contacts are the same person."""
    return [
        put(Duplicate(*Duplicate.at(one, two), contact_id=one, other_id=two, strategy_id=strategy_id, found_at=now))
        for one, two in ((contact_id, other_id), (other_id, contact_id))
    ]


def unsuggest(found: Sequence[Duplicate]) -> list[Write]:
    """Take suggestions away on both sides."""
    pairs = [(each.contact_id, each.other_id) for each in found]
    return [delete(Key(Duplicate, *Duplicate.at(*side))) for one, two in pairs for side in ((one, two), (two, one))]


def amended(contact: Contact, values: Mapping[str, Any], now: datetime) -> tuple[list[Write], Mapping[str, str]]:
    """Apply values to a contact as read. Returns the writes (itself, claims, time at an account), whose keys it met."""
    old_claims, old_account = contact.claims or {}, contact.account_id
    for name, value in values.items():
        setattr(contact, name, value)
    contact.updated_at = now
    contact.list_by_name()
    claims, met = claim(contact, old_claims, now)
    membership = moved(contact, old_account, now) if contact.account_id != old_account else []
    return [put_changed(contact), *claims, *membership], met


def joined(contact: Contact, now: datetime) -> list[Write]:
    """Begin a contact's time at its account, which takes note. Refused if there is no such account."""
    if contact.account_id is None:
        return []
    contact.member_since = now
    there = update(
        Key(Account, *Account.at(contact.account_id)),
        Account.joins.add(1),
        condition=Account.pk.exists(),
        refused=Unprocessable(
            "There is no account of this id.", [Problem("account_id", "This account does not exist.")]
        ),
    )
    place = Membership.at(contact.account_id, contact.contact_id, as_text(now))
    return [there, put_new(Membership(*place, contact_id=contact.contact_id, since=now))]


def moved(contact: Contact, left: str | None, now: datetime) -> list[Write]:
    """End a contact's time at the account that it left and begin it at the one that it has now, where there is one."""
    writes: list[Write] = []
    if left is not None and contact.member_since is not None:
        place = Membership.at(left, contact.contact_id, as_text(contact.member_since))
        writes.append(update(Key(Membership, *place), Membership.until.set(now), condition=Membership.pk.exists()))
    contact.member_since = None
    return [*writes, *joined(contact, now)]
