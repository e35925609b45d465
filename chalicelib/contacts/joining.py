"""What merging one contact into another writes, in one transaction: both contacts, their claims, the record of it.

The other keeps its data as it was; what its lists and claims were found by moves to `merged`, for undoing to put back.
No history moves: interactions, leads and preferences stay where they are, and readers take the identity set.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.clock import as_text
from chalicelib.contacts import handing, plans
from chalicelib.contacts.custom.record import names_of
from chalicelib.contacts.fields import EMAILS, PHONES, TEXTS
from chalicelib.contacts.models import Contact, Duplicate, Membership, Merge
from chalicelib.contacts.plans import BOOK, MERGED
from chalicelib.dynamodb import Key, Write, delete, put_changed, put_new, read, silent, update

FILLED = (*TEXTS, *EMAILS, *PHONES, "birth_date", "owner_id", "account_id")
"""Fields that the other contact fills where the one that stays has none, unless somebody chose otherwise."""

NEVER_FILLED = ("inactive", "marketing_only")


def choosable(primary: Contact, other: Contact) -> tuple[str, ...]:
    """Return the fields that somebody can choose from either contact, custom ones included."""
    return (*FILLED, *NEVER_FILLED, *names_of(primary, other))


THIS, OTHER = "this", "other"
Choices = Mapping[str, str]


class Wish(Struct, frozen=True):
    """A merge as somebody asked for it."""

    merge_id: str
    choices: Choices
    by: str
    why: str


def taken(primary: Contact, other: Contact, choices: Choices) -> dict[str, Any]:
    """Return the fields that the primary takes from the other: the chosen ones, and those that it has not itself."""
    values: dict[str, Any] = {}
    for name in choosable(primary, other):
        mine, theirs = getattr(primary, name), getattr(other, name)
        blank = mine is None and name not in {*NEVER_FILLED, *choices}
        if mine != theirs and (choices.get(name) == OTHER or blank):
            values[name] = theirs
    return values


def merged(primary: Contact, other: Contact, below: Sequence[Contact], wish: Wish, now: datetime) -> list[Write]:
    """Return the writes that make `other`, and who was merged into it before (`below`), identities of `primary`."""
    values = taken(primary, other, wish.choices)
    record = _record(primary, other, below, values, wish, now)
    moved = _apply(primary, values, record, now)
    due = {place for each in (other, *below) for place in plans.places_of(each).values()}
    joined = handing.join(BOOK, primary, other, plans.places_of(primary), due, wish.merge_id, now)
    left = _leave_account(other, now)
    identities = [each.contact_id for each in (other, *below)]
    primary.identities = {**(primary.identities or {}), **dict.fromkeys(identities, wish.merge_id)}
    _step_back(other, primary.contact_id, wish.merge_id, joined.owned)
    known = {primary.contact_id, *identities}
    record.met = _unsuggested(primary.contact_id, joined.met - known) or None
    suggested = [plans.suggest(primary.contact_id, each, MERGED, now) for each in record.met or ()]
    return [
        silent(put_changed(primary)),
        silent(put_changed(other)),
        *(_follow(each, other.contact_id, primary.contact_id) for each in below),
        put_new(record),
        *joined.writes,
        *moved,
        *left,
        *_settled(record),
        *(write for both in suggested for write in both),
    ]


def _record(
    primary: Contact, other: Contact, below: Sequence[Contact], values: Mapping[str, Any], wish: Wish, now: datetime
) -> Merge:
    others = [other.contact_id, *(each.contact_id for each in below)]
    mine = [primary.contact_id, *(primary.identities or ())]
    return Merge(
        *Merge.place(primary.contact_id, wish.merge_id),
        merge_id=wish.merge_id,
        into_id=primary.contact_id,
        other_id=other.contact_id,
        at=now,
        by=wish.by,
        why=wish.why,
        taken=dict(values),
        before={name: getattr(primary, name) for name in values},
        suggested=_suggestions(mine, others) or None,
    )


def _suggestions(mine: Iterable[str], others: Sequence[str]) -> list[list[str]]:
    """Return the suggestions that the merge settles: those between the two, as they can be put back."""
    found = read(Key(Duplicate, *Duplicate.at(one, two)) for one in mine for two in others)
    return [
        [each.contact_id, each.other_id, each.strategy_id, as_text(each.found_at)] for each in found if each is not None
    ]


def _unsuggested(contact_id: str, met: Iterable[str]) -> list[str]:
    """Return whose key the primary has now and did not have before; what is suggested already keeps its reason."""
    asked = sorted(met)
    found = read(Key(Duplicate, *Duplicate.at(contact_id, each)) for each in asked)
    return [each for each, suggestion in zip(asked, found, strict=True) if suggestion is None]


def _settled(record: Merge) -> list[Write]:
    pairs = [(one, two) for one, two, *_ in record.suggested or ()]
    return [delete(Key(Duplicate, *Duplicate.at(*side))) for one, two in pairs for side in ((one, two), (two, one))]


def _apply(primary: Contact, values: Mapping[str, Any], record: Merge, now: datetime) -> list[Write]:
    """Give the primary what it takes, and move it to another account if that is among it."""
    account, since = primary.account_id, primary.member_since
    for name, value in values.items():
        setattr(primary, name, value)
    primary.updated_at = now
    primary.list_by_name()
    if primary.account_id == account:
        return []
    record.account = {"left": account, "since": as_text(since) if since else None, "joined": primary.account_id}
    return plans.moved(primary, account, now)


def _leave_account(other: Contact, now: datetime) -> list[Write]:
    if other.account_id is None or other.member_since is None:
        return []
    place = Membership.at(other.account_id, other.contact_id, as_text(other.member_since))
    return [update(Key(Membership, *place), Membership.until.set(now), condition=Membership.pk.exists())]


def _step_back(other: Contact, into: str, merge_id: str, owned: Sequence[str]) -> None:
    """Take the other out of all lists; `merged` keeps what has to be put back."""
    other.merged = {
        "merge": merge_id,
        "owned": owned,
        "owner_id": other.owner_id,
        "account_id": other.account_id,
        "since": as_text(other.member_since) if other.member_since else None,
        "claims": other.claims,
        "inherited": other.inherited,
        "identities": other.identities,
    }
    other.merged_into = into
    other.listed = other.likeness = other.phone_tail = other.owner_id = other.account_id = other.member_since = None
    other.claims = other.inherited = other.identities = None


def _follow(below: Contact, before: str, into: str) -> Write:
    """Let who was merged into the other before belong to the primary at once: identities are never nested."""
    return update(below.key, Contact.merged_into.set(into), condition=Contact.merged_into == before)
