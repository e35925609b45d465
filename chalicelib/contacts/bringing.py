"""Contacts and accounts that a list brings: made or changed as by hand, found as by a form, not yet written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.contacts import accounts, claims, identity, matching, plans, strategies
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.matching import Prepared
from chalicelib.contacts.models import Account, Contact, ContactsItem
from chalicelib.contacts.normalise import text_key
from chalicelib.contacts.plans import BOOK
from chalicelib.contacts.reading import key
from chalicelib.dynamodb import Key, Look, check, put_new, read, silent
from chalicelib.errors import Problem, Unprocessable

ALIKE = 5  # accounts of one website that are compared by name


class Brought(Struct, frozen=True):
    """A record as a row of a list tells it: values as they are stored, where their claims lie, by strategy.

    `record_id` is the record that the row names, if it does; what it makes else has `new_id` and tells of its `row`.
    """

    values: dict[str, Any]
    places: Mapping[str, str]
    record_id: str | None
    new_id: str
    row: str


def places(values: Mapping[str, Any]) -> dict[str, str]:
    """Return where the claims of a contact with these values lie, by strategy. Raises Invalid for broken ones."""
    return claims.places(strategies.in_use(strategies.CONTACT), values)


def contact(brought: Brought, strategy_id: str | None, by: str, now: datetime, look: Look = read) -> Prepared[Contact]:
    """Return the contact of this id, or that owns the strategy's key, changed; or a new one.

    The writes are conditional on what was read here: where one fails, bring it again. Raises Unprocessable where the id
    is nobody's or the strategy's values are absent, Conflict for one that was merged.
    """
    values = brought.values
    if brought.record_id is not None:
        return matching.matched(_named(brought.record_id, look), values, now)
    strategy = strategies.find(strategies.CONTACT, strategy_id) if strategy_id is not None else None
    if strategy is not None:
        matching.require(strategy, values)
    owners = BOOK.owners(brought.places.values(), look)
    place = brought.places.get(strategy.id) if strategy is not None else None
    if strategy is not None and place is not None and place in owners:
        known, own = matching.owned(strategy, place, owners[place], values, look)
        return matching.matched(known, own, now)
    made = plans.new(brought.new_id, values, MarketingContext(), now)
    made.created_by, made.import_row = by, brought.row
    custom_fields.require(RecordType.CONTACT, made)
    writes, met = plans.made(made, now, owners)
    return Prepared(made, created=True, changed=True, writes=writes, met=met)


def _named(contact_id: str, look: Look) -> Contact:
    [found] = look([key(contact_id)])
    if found is None:
        raise Unprocessable("There is no contact of this id.", [Problem("id", "This contact does not exist.")])
    identity.require_itself(found)
    known: Contact = found
    return known


def account_key(account_id: str) -> Key:
    return Key(Account, *Account.at(account_id))


def account(brought: Brought, _: str | None, by: str, now: datetime, look: Look = read) -> Prepared[Account]:
    """Return the account of this id, changed; or a new one. Raises as `contact` does; accounts have no strategies."""
    if brought.record_id is None:
        made = accounts.new(brought.new_id, brought.values, now, by=by)
        made.import_row = brought.row
        return Prepared(made, created=True, changed=True, writes=[put_new(made)])
    [known] = look([account_key(brought.record_id)])
    if known is None:
        raise Unprocessable("There is no account of this id.", [Problem("id", "This account does not exist.")])
    accounts.require_itself(known)
    changes = {name: value for name, value in brought.values.items() if value != getattr(known, name)}
    if not changes:
        still = check(known.key, Account.version == known.version)
        return Prepared(known, created=False, changed=False, writes=[still])
    writes = [silent(each) for each in accounts.changed(known, changes, now)]
    return Prepared(known, created=False, changed=True, writes=writes)


def same_account(made: Account) -> str | None:
    """Return an account of the same website and name as one that is about to be made; the index may lag."""
    if made.likeness is None:
        return None
    found = ContactsItem.by_likeness.query(made.likeness, ContactsItem.name_key == made.name_key, limit=ALIKE)
    ids = [item.pk.removeprefix("ACCOUNT#") for item in found if item.pk != made.pk]
    known = [each for each in accounts.find_all(ids).values() if text_key(each.name) == text_key(made.name)]
    return known[0].record_id if known else None
