"""What undoing a merge writes: the other contact is what it was, and the primary gives back what it took.

A field goes back where it still has the value that the merge gave it; whoever changed it since meant it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.clock import as_text, from_text
from chalicelib.contacts import handing, plans
from chalicelib.contacts.models import Account, Contact, Duplicate, Membership, Merge
from chalicelib.contacts.plans import BOOK, MERGED
from chalicelib.contacts.reading import find_many
from chalicelib.dynamodb import Key, Write, delete, put_changed, read, silent, update


def undone(  # noqa: PLR0917  two contacts, what was merged with them, and the merges that came after
    primary: Contact,
    other: Contact,
    below: Sequence[Contact],
    record: Merge,
    later: Sequence[Merge],
    by: str,
    now: datetime,
) -> list[Write]:
    """Return the writes that make two contacts of one again, and the record say so."""
    accounts = _Accounts([other.merged["account_id"], (record.account or {}).get("left")])
    held = primary.places
    rejoined = _restore(primary, record, later, accounts, now)
    skipped = _skipped(record, later)
    rewrites = rewritten(record, later)
    _come_back(other, accounts)
    inside = {each.contact_id for each in (other, *below)}
    primary.identities = {one: by for one, by in (primary.identities or {}).items() if one not in inside} or None
    claims = _claims(primary, other, below, held, record.merge_id, now)
    returned = accounts.reopened(other)
    ended(record, by, now)
    return [
        silent(put_changed(primary)),
        silent(put_changed(other)),
        *(_follow(each, primary.contact_id, other.contact_id) for each in below),
        silent(put_changed(record)),
        *rewrites,
        *claims,
        *rejoined,
        *skipped,
        *returned,
        *accounts.noted(),
        *_suggested(record),
        *_unsuggested(record),
    ]


class _Accounts:
    """The accounts that somebody comes back to, those that are still there; each takes note once."""

    def __init__(self, ids: Iterable[str | None]) -> None:
        wanted = sorted({each for each in ids if each})
        found = read(Key(Account, *Account.at(each)) for each in wanted)
        self._there = {each.record_id for each in found if each is not None}
        self._joined: set[str] = set()

    def there(self, account_id: str | None) -> bool:
        return account_id in self._there

    def reopened(self, contact: Contact) -> list[Write]:
        """Go on with a contact's time at its account as if it had never ended."""
        if contact.account_id is None or contact.member_since is None:
            return []
        self._joined.add(contact.account_id)
        place = Membership.at(contact.account_id, contact.contact_id, as_text(contact.member_since))
        return [update(Key(Membership, *place), Membership.until.remove(), condition=Membership.pk.exists())]

    def noted(self) -> list[Write]:
        keys = [Key(Account, *Account.at(each)) for each in sorted(self._joined)]
        return [update(key, Account.joins.add(1), condition=Account.pk.exists()) for key in keys]


def _restore(
    primary: Contact, record: Merge, later: Sequence[Merge], accounts: _Accounts, now: datetime
) -> list[Write]:
    """Give the primary back what it had where the merge's value still stands."""
    given = last_given(record, later)
    stands = {name: record.before[name] for name, value in given.items() if getattr(primary, name) == value}
    stays, since = primary.account_id, primary.member_since
    for name, value in stands.items():
        setattr(primary, name, value)
    primary.updated_at = now
    primary.list_by_name()
    if "account_id" not in stands or record.account is None:
        return []
    return _moved_back(primary, record.account, stays, since, accounts)


def _moved_back(
    primary: Contact, moved: Mapping[str, Any], stays: str | None, since: datetime | None, accounts: _Accounts
) -> list[Write]:
    """Take the primary's time at the account of the merge away, and go on with the one before it."""
    writes: list[Write] = []
    if stays is not None and since is not None:
        writes.append(delete(Key(Membership, *Membership.at(stays, primary.contact_id, as_text(since)))))
    primary.account_id = primary.member_since = None
    if accounts.there(moved["left"]):
        primary.account_id = moved["left"]
        primary.member_since = from_text(moved["since"]) if moved["since"] else None
    return [*writes, *accounts.reopened(primary)]


def _skipped(record: Merge, later: Sequence[Merge]) -> list[Write]:
    """Let the next merge that moved the primary, from where this one had, lead back to where it was before both."""
    following = next((each for each in later if each.account), None)
    if not record.account or following is None:
        return []
    joined, since = record.account["joined"], as_text(record.at) if record.account["joined"] else None
    if (following.account["left"], following.account["since"]) != (joined, since):
        return []  # somebody moved it in between
    following.account = {**following.account, "left": record.account["left"], "since": record.account["since"]}
    return [delete(Key(Membership, *Membership.at(joined, record.into_id, since)))] if since else []


def ended(record: Any, by: str, now: datetime) -> None:
    """End a merge: with nothing to put back any more it forgets what either was, for each may be deleted by itself."""
    record.taken, record.before = {}, {}
    record.undone_at, record.undone_by = now, by


def last_given(record: Any, later: Iterable[Any]) -> dict[str, Any]:
    """Return the values that a merge gave and no later one gave anew."""
    anew = {name for each in later for name in each.taken}
    return {name: value for name, value in record.taken.items() if name not in anew}


def rewritten(record: Any, later: Iterable[Any]) -> list[Write]:
    """What the next merge that took a field would put back is what was before this one, where it found its value."""
    writes, unmet = [], dict(record.taken)
    for each in later:
        met = {name: unmet.pop(name) for name in each.taken if name in unmet}
        found = [name for name, value in met.items() if each.before[name] == value]
        if found:
            each.before = {**each.before, **{name: record.before[name] for name in found}}
            writes.append(silent(put_changed(each)))
    return writes


def later_ones(main_id: str, identities: Mapping[str, str], record: Merge, kind: str = "CONTACT") -> list[Merge]:
    """Return the merges into a record that came after another one, and stand, in their order."""
    standing = sorted(set(identities.values()) - {record.merge_id})
    found = read(Key(Merge, *Merge.place(main_id, each, kind)) for each in standing)
    return sorted((each for each in found if each is not None and each.at > record.at), key=lambda each: each.at)


def _come_back(other: Contact, accounts: _Accounts) -> None:
    before = other.merged
    other.owner_id, other.inherited, other.identities = before["owner_id"], before["inherited"], before["identities"]
    if accounts.there(before["account_id"]):
        other.account_id = before["account_id"]
        other.member_since = from_text(before["since"]) if before["since"] else None
    other.merged_into = None
    other.list_by_name()


def _claims(
    primary: Contact, other: Contact, below: Iterable[Contact], held: set[str], merge_id: str, now: datetime
) -> list[Write]:
    before, other.merged = other.merged, None
    other.claims = {**(before["claims"] or {}), **plans.places_of(other)}
    of_below = plans.places_of_all(below, other.identities or {})
    other.inherited = handing.regained(other.inherited or {}, of_below, held) or None
    own, owned = plans.places_of(primary), before["owned"]
    return handing.part(BOOK, primary, other, held=held, own=own, owned=owned, merge_id=merge_id, now=now)


def _follow(below: Contact, before: str, into: str) -> Write:
    return update(below.key, Contact.merged_into.set(into), condition=Contact.merged_into == before)


def _suggested(record: Merge) -> list[Write]:
    """Suggest again what the merge settled, of those who are there: one that was parted since may be deleted."""
    pairs = record.suggested or ()
    there = {each.contact_id for each in find_many({one for pair in pairs for one in pair[:2]})}
    return [
        write
        for one, two, why, found in pairs
        if {one, two} <= there
        for write in plans.suggest(one, two, why, from_text(found))
    ]


def _unsuggested(record: Merge) -> list[Write]:
    """Take the suggestions away that only the merge's values made; one of another reason stays."""
    pairs = [Duplicate.at(record.into_id, each) for each in record.met or ()]
    found = [each for each in read(Key(Duplicate, *pair) for pair in pairs) if each is not None]
    return plans.unsuggest([each for each in found if each.strategy_id == MERGED])
