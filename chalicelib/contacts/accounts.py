"""Use cases: make, find, change and delete accounts."""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from chalicelib.contacts.fields import clean
from chalicelib.contacts.models import Account, ContactsItem, Membership, name_key
from chalicelib.dynamodb import ConditionFailed, commit, delete, put_changed, put_new
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Stale
from chalicelib.lists import Asked, Page, page, partitions

NAMELESS = Invalid("An account needs a name.", [Problem("name", "This field is required.")])


def create(account_id: str, values: Mapping[str, Any], now: datetime, *, by: str) -> Account:
    """Make an account. The same id again returns what it made the first time."""
    given = {name: value for name, value in clean(values).items() if value is not None}
    if "name" not in given:
        raise NAMELESS
    account = Account(*Account.at(account_id), created_at=now, updated_at=now, created_by=by, **given)
    account.list_by_name()
    try:
        commit([put_new(account)])
    except ConditionFailed:
        return find(account_id)
    return account


def find(account_id: str) -> Account:
    """Return an account, read consistently. Raises NotFound."""
    account = Account.find(*Account.at(account_id))
    if account is None:
        raise NotFound("There is no account of this id.")
    return account


def find_if_any(account_id: str | None) -> Account | None:
    """Return an account, None where there is none."""
    return Account.find(*Account.at(account_id)) if account_id else None


def amend(account_id: str, values: Mapping[str, Any], version: int, now: datetime) -> Account:
    """Change an account; None clears a field. Raises Stale, NotFound, Invalid."""
    account = find(account_id)
    if account.version != version:
        raise Stale("The account has changed since you read it. Read it again and repeat the change.")
    for name, value in clean(values).items():
        setattr(account, name, value)
    if not account.name:
        raise NAMELESS
    account.updated_at = now
    account.list_by_name()
    commit([put_changed(account)])
    return account


def remove(account_id: str, version: int) -> None:
    """Delete an account. Raises Conflict while it has contacts, Stale, NotFound."""
    account = find(account_id)
    if next(iter(islice(ContactsItem.by_account.query(account_id, limit=1), 1)), None) is not None:
        raise Conflict("Contacts belong to this account. Move them to another one first.")
    stale = Stale("The account has changed since you read it.")
    commit([delete(account.key, Account.version == version, refused=stale)])


def by_name(prefix: str, asked: Asked) -> Page[Account]:
    condition = ContactsItem.name_key.startswith(name_key(prefix)) if prefix else None
    return page(ContactsItem.by_name, partitions("account"), asked, condition=condition, kind=Account)


def by_owner(owner_id: str, asked: Asked) -> Page[Account]:
    return page(ContactsItem.by_owner, [owner_id], asked, newest_first=True, kind=Account)


def members(account_id: str) -> list[Membership]:
    """Return who belongs or belonged to an account, and from when to when."""
    return list(Membership.query(f"ACCOUNT#{account_id}", Membership.sk.startswith("MEMBER#"), consistent_read=True))
