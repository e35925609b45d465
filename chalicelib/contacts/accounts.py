"""Use cases: make, find, change and delete accounts."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.contacts.fields import clean
from chalicelib.contacts.models import Account, ContactsItem, Membership, name_key
from chalicelib.dynamodb import ConditionFailed, Key, commit, delete, put_changed, put_new, read
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Stale
from chalicelib.lists import Asked, Page, page, partitions
from chalicelib.tokens import seal, unseal

ROUNDS = 4  # of reading who belongs to an account and deleting it
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


def find_many(account_ids: Iterable[str]) -> list[Account]:
    """Return those of the accounts that exist, read consistently."""
    found = read(Key(Account, *Account.at(each)) for each in account_ids)
    return [account for account in found if account is not None]


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
    """Delete an account. Raises Conflict while it has contacts, Stale, NotFound.

    Who joins counts the account's `joins` up, so nobody can between the reading of its members and the deletion.
    """
    for _ in range(ROUNDS):
        account = find(account_id)
        if account.version != version:
            raise Stale("The account has changed since you read it.")
        if _peopled(account_id):
            raise Conflict("Contacts belong to this account. Move them to another one first.")
        try:
            commit([delete(account.key, (Account.version == version) & (Account.joins == account.joins))])
        except ConditionFailed:
            continue  # read anew why
        return
    raise Conflict("Contacts join and leave this account at this moment. Delete it again.")


def _peopled(account_id: str) -> bool:
    """Return whether somebody belongs to an account now. The rows themselves are asked: the index may lag."""
    still = Membership.until.does_not_exist()
    rows = Membership.sk.startswith("MEMBER#")
    found = Membership.query(f"ACCOUNT#{account_id}", rows, filter_condition=still, consistent_read=True)
    return next(found, None) is not None


def by_name(prefix: str, asked: Asked) -> Page[Account]:
    condition = ContactsItem.name_key.startswith(name_key(prefix)) if prefix else None
    return page(ContactsItem.by_name, partitions("account"), asked, condition=condition, kind=Account)


def by_owner(owner_id: str, asked: Asked) -> Page[Account]:
    return page(ContactsItem.by_owner, [owner_id], asked, newest_first=True, kind=Account)


def members(account_id: str) -> list[Membership]:
    """Return who belongs or belonged to an account, and from when to when."""
    return list(Membership.query(f"ACCOUNT#{account_id}", Membership.sk.startswith("MEMBER#"), consistent_read=True))


def memberships(account_id: str, contact_id: str) -> list[Membership]:
    """Return a contact's times at an account, read consistently."""
    rows = Membership.sk.startswith(f"MEMBER#{contact_id}#")
    return list(Membership.query(f"ACCOUNT#{account_id}", rows, consistent_read=True))


def page_of_members(account_id: str, asked: Asked) -> Page[Membership]:
    """Return a page of the times that contacts have spent at an account, by contact, read consistently."""
    pk, rows = f"ACCOUNT#{account_id}", Membership.sk.startswith("MEMBER#")
    place = {"pk": {"S": pk}, "sk": {"S": unseal("members", asked.cursor)}} if asked.cursor else None
    query = Membership.query(pk, rows, limit=asked.limit + 1, last_evaluated_key=place, consistent_read=True)
    found = list(query)
    more = len(found) > asked.limit
    return Page(found[: asked.limit], seal("members", found[asked.limit - 1].sk) if more else None)
