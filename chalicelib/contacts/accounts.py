"""Use cases: make, find, change and delete accounts."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.contacts import deletion
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.fields import clean
from chalicelib.contacts.models import Account, ContactsItem, Membership, name_key
from chalicelib.dynamodb import ConditionFailed, Key, Write, check, commit, delete, put_changed, put_new, read, tries
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Stale
from chalicelib.lists import OTHER_LIST, Asked, Page, page, partitions
from chalicelib.tokens import seal, unseal

MOST_IDENTITIES = 10  # accounts that can be one
NAMELESS = Invalid("An account needs a name.", [Problem("name", "This field is required.")])


def create(account_id: str, values: Mapping[str, Any], now: datetime, *, by: str) -> Account:
    """Make an account. The same id again returns what it made the first time."""
    account = new(account_id, values, now, by=by)
    try:
        commit([put_new(account)])
    except ConditionFailed:
        return find(account_id)
    return account


def new(account_id: str, values: Mapping[str, Any], now: datetime, *, by: str) -> Account:
    """Return an account, not yet written, of the values that are there. Raises Invalid."""
    given = {name: value for name, value in clean(values, RecordType.ACCOUNT).items() if value is not None}
    if "name" not in given:
        raise NAMELESS
    account = Account(*Account.at(account_id), created_at=now, updated_at=now, created_by=by, **given)
    account.list_by_name()
    custom_fields.require(RecordType.ACCOUNT, account)
    return account


def find(account_id: str) -> Account:
    """Return an account, read consistently. Raises NotFound."""
    account = Account.find(*Account.at(account_id))
    if account is None:
        raise NotFound("There is no account of this id.")
    return account


def find_if_any(account_id: str | None) -> Account | None:
    """Return an account, the one that counts where it was merged into another; None where there is none."""
    account = Account.find(*Account.at(account_id)) if account_id else None
    while account is not None and account.merged_into is not None:
        account = Account.find(*Account.at(account.merged_into))
    return account


def find_all(account_ids: Iterable[str]) -> dict[str, Account]:
    """Return by id the accounts that count for these, those that exist, read consistently."""
    asked = sorted(set(account_ids))
    rows = dict(zip(asked, read(Key(Account, *Account.at(each)) for each in asked), strict=True))
    known = {one: row if row is None or row.merged_into is None else find_if_any(one) for one, row in rows.items()}
    return {one: account for one, account in known.items() if account is not None}


def ids_of(account_id: str) -> tuple[str, ...]:
    """Return all that an account is, whichever of its identities is named; the one that counts comes first."""
    account = find_if_any(account_id)
    return ids_of_row(account) if account is not None else (account_id,)


def ids_of_row(account: Account) -> tuple[str, ...]:
    return (account.record_id, *sorted(account.identities or ()))


def require_itself(account: Account) -> None:
    """Raise Conflict, naming the account that counts, for one that was merged into it."""
    if account.merged_into is not None:
        into = [Problem("merged_into", account.merged_into)]
        raise Conflict("This account was merged into another one. Change that one, or undo the merge first.", into)


def still_itself(account_id: str) -> Write:
    """Return the check that an account exists and was merged into no other."""
    there = Account.pk.exists() & Account.merged_into.does_not_exist()
    return check(Key(Account, *Account.at(account_id)), there)


def find_many(account_ids: Iterable[str]) -> list[Account]:
    """Return those of the accounts that exist, read consistently."""
    found = read(Key(Account, *Account.at(each)) for each in account_ids)
    return [account for account in found if account is not None]


def amend(account_id: str, values: Mapping[str, Any], version: int, now: datetime) -> Account:
    """Change an account; None clears a field. Raises Stale, NotFound, Invalid."""
    account = find(account_id)
    if account.version != version:
        raise Stale("The account has changed since you read it. Read it again and repeat the change.")
    require_itself(account)
    commit(changed(account, values, now))
    return account


def changed(account: Account, values: Mapping[str, Any], now: datetime) -> list[Write]:
    """Apply values to an account as read and return the writes. Raises Invalid."""
    for name, value in clean(values, RecordType.ACCOUNT).items():
        setattr(account, name, value)
    if not account.name:
        raise NAMELESS
    account.updated_at = now
    account.list_by_name()
    return [put_changed(account)]


def remove(account_id: str, version: int, now: datetime) -> None:
    """Delete an account, with all that were merged into it, and have all that was its own swept away (decision 64).

    Raises Conflict while it has contacts, Stale, NotFound.
    Who joins counts the account's `joins` up, so nobody can between the reading of its members and the deletion.
    """
    for _ in tries():
        account = find(account_id)
        if account.version != version:
            raise Stale("The account has changed since you read it.")
        require_itself(account)
        others = [Account.find(*Account.at(each)) for each in ids_of_row(account)[1:]]
        gone = [account, *(each for each in others if each is not None)]
        if any(_peopled(each.record_id) for each in gone):
            raise Conflict("Contacts belong to this account. Move them to another one first.")
        as_read = [(Account.version == each.version) & (Account.joins == each.joins) for each in gone]
        swept = [deletion.plan_account(each.record_id, now) for each in gone]
        try:
            commit([delete(each.key, same) for each, same in zip(gone, as_read, strict=True)], swept)
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


def by_created(asked: Asked) -> Page[Account]:
    """Newest first."""
    return page(ContactsItem.by_created, partitions("account"), asked, newest_first=True, kind=Account)


def by_owner(owner_id: str, asked: Asked) -> Page[Account]:
    return page(ContactsItem.by_owner, [owner_id], asked, newest_first=True, kind=Account)


def members(account_id: str) -> list[Membership]:
    """Return who belongs or belonged to an account, or to one that was merged into it, and from when to when."""
    return members_of(ids_of(account_id))


def members_of(account_ids: Iterable[str]) -> list[Membership]:
    """Return who belongs or belonged to one of the accounts, as `ids_of` names them, and from when to when."""
    return [each for one in account_ids for each in _members(one)]


def _members(account_id: str) -> Iterable[Membership]:
    return Membership.query(f"ACCOUNT#{account_id}", Membership.sk.startswith("MEMBER#"), consistent_read=True)


def count_members(account_id: str) -> int:
    """Return how many times at an account there are by its own rows, ended ones too."""
    return int(Membership.count(f"ACCOUNT#{account_id}", Membership.sk.startswith("MEMBER#")))


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


def page_of_all_members(account_id: str, asked: Asked) -> Page[Membership]:
    """Return a page of the times that contacts have spent at an account, or at one that was merged into it.

    By the accounts' ids and contact, read consistently; so whoever is merged or parted meanwhile moves no other.
    Raises Invalid for a cursor of another account.
    """
    of, at, after = unseal("all-members", asked.cursor).split("|") if asked.cursor else (account_id, "", "")
    if of != account_id:
        raise Invalid(OTHER_LIST)
    left = sorted(each for each in ids_of(account_id) if each >= at)
    found: list[Membership] = []
    for each in left:
        found += _members_after(each, after if each == at else "", asked.limit + 1 - len(found))
        if len(found) > asked.limit:
            break
    last = found[asked.limit - 1] if len(found) > asked.limit else None
    place = f"{account_id}|{last.pk.removeprefix('ACCOUNT#')}|{last.sk}" if last is not None else None
    cursor = seal("all-members", place) if place is not None else None
    return Page(found[: asked.limit], cursor)


def _members_after(account_id: str, after: str, most: int) -> list[Membership]:
    pk, rows = f"ACCOUNT#{account_id}", Membership.sk.startswith("MEMBER#")
    place = {"pk": {"S": pk}, "sk": {"S": after}} if after else None
    return list(Membership.query(pk, rows, limit=most, last_evaluated_key=place, consistent_read=True))
