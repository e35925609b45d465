"""Contacts and accounts that a list brings: made or changed as by hand, found as by a form, not yet written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.contacts import accounts, identity, matching, plans, strategies
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.fields import clean
from chalicelib.contacts.matching import Prepared
from chalicelib.contacts.models import Account, Contact, ContactsItem
from chalicelib.contacts.normalise import text_key
from chalicelib.contacts.plans import BOOK
from chalicelib.contacts.reading import key
from chalicelib.dynamodb import Key, Look, check, put_new, read, silent
from chalicelib.errors import Problem, Unprocessable

ALIKE = 5  # accounts of one website that are compared by name


def contact(
    values: Mapping[str, Any],
    *,
    strategy_id: str | None,
    contact_id: str | None,
    new_id: str,
    row: str,
    by: str,
    now: datetime,
    look: Look = read,
) -> Prepared[Contact]:
    """Return the contact of this id, or that owns the strategy's key, changed; or a new one that `row` tells of.

    The writes are conditional on what was read here: where one fails, bring it again. Raises Invalid for broken values,
    Unprocessable where the id is nobody's or the strategy's values are absent, Conflict for one that was merged.
    """
    cleaned = clean(values)
    if contact_id is not None:
        return matching.matched(_named(contact_id, look), cleaned, now)
    strategy = strategies.find(strategies.CONTACT, strategy_id) if strategy_id is not None else None
    if strategy is not None:
        matching.require(strategy, cleaned)
    owners = BOOK.owners(matching.sought(values), look)
    place = strategy.place(cleaned) if strategy is not None else None
    if strategy is not None and place is not None and place in owners:
        known, own = matching.owned(strategy, place, owners[place], cleaned, look)
        return matching.matched(known, own, now)
    made = plans.new(new_id, cleaned, MarketingContext(), now)
    made.created_by, made.import_row = by, row
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


def account(
    values: Mapping[str, Any], *, account_id: str | None, new_id: str, row: str, by: str, now: datetime
) -> Prepared[Account]:
    """Return the account of this id, changed; or a new one that `row` tells of. Raises as `contact` does."""
    if account_id is None:
        made = accounts.new(new_id, values, now, by=by)
        made.import_row = row
        return Prepared(made, created=True, changed=True, writes=[put_new(made)])
    [known] = read([Key(Account, *Account.at(account_id))])
    if known is None:
        raise Unprocessable("There is no account of this id.", [Problem("id", "This account does not exist.")])
    accounts.require_itself(known)
    cleaned = clean(values, RecordType.ACCOUNT)
    changes = {name: value for name, value in cleaned.items() if value != getattr(known, name)}
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
