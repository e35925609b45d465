"""Use cases: merge one account into another, see before what it would change, undo it (decision 46).

Members, leads and interactions stay with the account that they belong to; readers take all that the account is.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.contacts import accounts
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.custom.record import is_custom, names_of
from chalicelib.contacts.joining import OTHER, Choices, Wish
from chalicelib.contacts.merging import BUSY, Field, Preview, read_both
from chalicelib.contacts.models import Account, Merge
from chalicelib.contacts.parting import ended, last_given, later_ones, rewritten
from chalicelib.dynamodb import ConditionFailed, Key, Write, commit, put_changed, put_new, silent, tries, update
from chalicelib.errors import Conflict, Invalid, NotFound, Problem

SHOWN = 50  # merges of an account, newest first
KIND = "ACCOUNT"

FILLED = (
    *("website", "phone", "street", "city", "region", "postal_code", "country", "industry", "category"),
    *("employees", "annual_revenue", "description", "owner_id"),
)


def choosable(main: Account, other: Account) -> tuple[str, ...]:
    """Return the fields that somebody can choose from either account, custom ones included."""
    return ("name", *FILLED, *names_of(main, other))


def taken(main: Account, other: Account, choices: Choices) -> dict[str, Any]:
    """Return the fields that an account takes from the other: the chosen ones, and those that it has not itself."""
    values: dict[str, Any] = {}
    for name in choosable(main, other):
        mine, theirs = getattr(main, name), getattr(other, name)
        blank = mine is None and name not in choices
        if mine != theirs and (choices.get(name) == OTHER or blank):
            values[name] = theirs
    return values


def preview(account_id: str, other_id: str, choices: Choices) -> Preview:
    """Say what a merge would change; nothing is written. Raises as `merge` does."""
    main, other = _read(account_id, other_id)
    values = _values(main, other, choices)
    fields = [
        Field(name, mine, theirs, values.get(name, mine))
        for name in choosable(main, other)
        for mine, theirs in [(getattr(main, name), getattr(other, name))]
        if mine is not None or theirs is not None
    ]
    ids = [*accounts.ids_of_row(main), *accounts.ids_of_row(other)]
    members = {"members": {each: accounts.count_members(each) for each in ids}}
    return Preview(fields, ids, members)


def merge(account_id: str, other_id: str, wish: Wish, version: int, now: datetime) -> Merge:
    """Merge the other account into this one. The same merge again returns what it made the first time.

    Raises Stale; NotFound; Conflict for one that was merged into another already, or where more than ten would be one;
    Unprocessable for another that does not exist; Invalid for a choice that cannot be.
    """
    for _ in tries():
        earlier = Merge.find(*Merge.place(account_id, wish.merge_id, KIND))
        if earlier is not None:
            return earlier
        main, other = _read(account_id, other_id, version)
        if _made(_merged(main, other, _values(main, other, wish.choices), wish, now)):
            return find_merge(account_id, wish.merge_id)
    raise BUSY


def _made(writes: Sequence[Write]) -> bool:
    try:
        commit(writes)
    except ConditionFailed:
        return False
    return True


def _read(account_id: str, other_id: str, version: int | None = None) -> tuple[Account, Account]:
    one, another = (Key(Account, *Account.at(each)) for each in (account_id, other_id))
    main, other = read_both(one, another, version, "account")
    for each in (main, other):
        accounts.require_itself(each)
    if len(accounts.ids_of_row(main)) + len(accounts.ids_of_row(other)) > accounts.MOST_IDENTITIES:
        raise Conflict(f"At most {accounts.MOST_IDENTITIES} accounts can be one.")
    return main, other


def _values(main: Account, other: Account, choices: Choices) -> dict[str, Any]:
    if unknown := sorted(choices.keys() - set(choosable(main, other))):
        raise Invalid(
            "These fields cannot be chosen.", [Problem(f"choices.{each}", "No such field.") for each in unknown]
        )
    values = taken(main, other, choices)
    custom_fields.require_filled(RecordType.ACCOUNT, main, values)
    return values


def _merged(main: Account, other: Account, values: Mapping[str, Any], wish: Wish, now: datetime) -> list[Write]:
    below = sorted(other.identities or ())
    record = Merge(
        *Merge.place(main.record_id, wish.merge_id, KIND),
        merge_id=wish.merge_id,
        into_id=main.record_id,
        other_id=other.record_id,
        at=now,
        by=wish.by,
        why=wish.why,
        taken=_plain(values),
        before=_plain({name: getattr(main, name) for name in values}),
    )
    _give(main, values, now)
    main.identities = {**(main.identities or {}), **dict.fromkeys([other.record_id, *below], wish.merge_id)}
    other.merged = {"owner_id": other.owner_id, "identities": other.identities}
    other.merged_into, other.identities = main.record_id, None
    other.listed = other.likeness = other.owner_id = None
    follow = [_follow(each, other.record_id, main.record_id) for each in below]
    return [silent(put_changed(main)), silent(put_changed(other)), *follow, put_new(record)]


def _give(account: Account, values: Mapping[str, Any], now: datetime) -> None:
    for name, value in values.items():
        setattr(account, name, value)
    account.updated_at = now
    account.list_by_name()


def _follow(account_id: str, before: str, into: str) -> Write:
    """Let who was merged before belong to another at once: identities are never nested."""
    key = Key(Account, *Account.at(account_id))
    return update(key, Account.merged_into.set(into), condition=Account.merged_into == before)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON holds them; money of 20 digits as a text, custom fields have fewer."""
    wide = {name for name, value in values.items() if isinstance(value, Decimal) and not is_custom(name)}
    return {name: str(value) if name in wide else value for name, value in values.items()}


def undo(account_id: str, merge_id: str, by: str, now: datetime) -> Merge:
    """Make two accounts of one again. Undoing it again changes nothing.

    Raises NotFound; Conflict where this account was merged into another one since: that merge has to be undone first.
    """
    for _ in tries():
        record = find_merge(account_id, merge_id)
        if record.undone_at is not None:
            return record
        main, other = accounts.find(account_id), accounts.find(record.other_id)
        accounts.require_itself(main)
        if other.merged_into != account_id:
            continue  # it was undone at this very moment
        if _made(_undone(main, other, record, by, now)):
            return record
    raise BUSY


def _undone(main: Account, other: Account, record: Merge, by: str, now: datetime) -> list[Write]:
    later = later_ones(main.record_id, main.identities or {}, record, KIND)
    given = last_given(record, later)
    stands = {name for name, value in given.items() if _plain({name: getattr(main, name)})[name] == value}
    _give(main, {name: _own(name, record.before[name]) for name in stands}, now)
    below = sorted(other.merged["identities"] or ())
    inside = {other.record_id, *below}
    main.identities = {one: by for one, by in (main.identities or {}).items() if one not in inside} or None
    other.owner_id, other.identities = other.merged["owner_id"], other.merged["identities"]
    other.merged_into, other.merged = None, None
    other.list_by_name()
    rewrites = rewritten(record, later)
    ended(record, by, now)
    follow = [_follow(each, main.record_id, other.record_id) for each in below]
    return [silent(put_changed(each)) for each in (main, other, record)] + follow + rewrites


def _own(name: str, value: Any) -> Any:
    return Decimal(value) if name == "annual_revenue" and value is not None else value


def find_merge(account_id: str, merge_id: str) -> Merge:
    """Return a merge. Raises NotFound."""
    found = Merge.find(*Merge.place(account_id, merge_id, KIND))
    if found is None:
        raise NotFound("There is no such merge of this account.")
    return found


def merges(account_id: str) -> list[Merge]:
    """Return the last merges into an account, undone ones too, newest first. Raises NotFound."""
    accounts.find(account_id)
    prefix = Merge.sk.startswith("MERGE#")
    found = Merge.query(f"{KIND}#{account_id}", prefix, scan_index_forward=False, limit=SHOWN, consistent_read=True)
    return sorted(found, key=lambda each: each.at, reverse=True)  # ids by Idempotency-Keys are in no order
