"""Use cases: who may be the same as somebody, with a score and reasons, and that it is not so.

Who has the same key as another was noted when it was written (`Duplicate`). Who is only alike is looked for when
somebody asks: in its blocks, at most 50 of each, nearest by name; so nothing is stored that could go stale.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.clock import digest
from chalicelib.contacts import accounts, identity, strategies
from chalicelib.contacts.likeness import Likeness, accounts_alike, contacts_alike
from chalicelib.contacts.models import Account, Contact, ContactsItem, Dismissed, Duplicate, name_key
from chalicelib.contacts.reading import duplicates
from chalicelib.dynamodb import Key, commit, put, read
from chalicelib.errors import Invalid, Problem
from chalicelib.lists import partitions

BESIDE = 25  # looked at in a block on either side of one's own name
OF_A_SHARD = 5  # looked at by name in each of 16 shards
MOST_EXACT = 50
COMPARED = {
    "contact": (
        "first_name",
        "last_name",
        "email",
        "phone",
        "mobile_phone",
        "company_name",
        "postal_code",
        "birth_date",
    ),
    "account": ("name", "website", "phone", "postal_code"),
}
"""What likeness rests on: while it is what it was, what somebody dismissed stays dismissed."""


class Suggestion(Struct, frozen=True):
    """Another record that may be the same, how sure that is of a hundred, and why."""

    id: str
    score: int
    reasons: list[str]
    strategy_id: str | None = None
    found_at: datetime | None = None


def of_contact(contact_id: str) -> list[Suggestion]:
    """Return who may be the same person, the surest first. Raises NotFound."""
    who = identity.find(contact_id)
    exact = [each for one in who.ids for each in duplicates(one)][:MOST_EXACT]
    others = identity.many([*(each.other_id for each in exact), *_around_contact(who.contact)])
    found = {other.id: other for other in others if other.id != who.id}
    by_key = {other.id: each for each in exact for other in found.values() if each.other_id in other.ids}
    return _listed("contact", who.contact, {one: each.contact for one, each in found.items()}, by_key, contacts_alike)


def of_account(account_id: str) -> list[Suggestion]:
    """Return which account may be the same company, the surest first. Raises NotFound."""
    asked = accounts.find_if_any(accounts.find(account_id).record_id) or accounts.find(account_id)
    found = {each.record_id: each for each in accounts.find_all(_around_account(asked)).values()}
    found.pop(asked.record_id, None)
    return _listed("account", asked, found, {}, accounts_alike)


def _listed(
    kind: str,
    asked: Any,
    others: Mapping[str, Any],
    by_key: Mapping[str, Duplicate],
    alike: Callable[[Mapping[str, Any], Mapping[str, Any]], Likeness],
) -> list[Suggestion]:
    rows = read(Key(Dismissed, *Dismissed.at(kind, asked.record_id, each)) for each in others)
    dismissed = {each.other_id: each.seen for each in rows if each is not None}
    found = []
    for one, other in others.items():
        if dismissed.get(one) == _seen(kind, asked, other):
            continue
        likeness = alike(asked.attribute_values, other.attribute_values)
        if one in by_key:
            found.append(_exact(one, by_key[one], likeness))
        elif likeness.suggested:
            found.append(Suggestion(one, likeness.score, likeness.reasons))
    return sorted(found, key=lambda each: (-each.score, each.id))


def _exact(other_id: str, known: Duplicate, likeness: Likeness) -> Suggestion:
    """Who has the same key is suggested however little else is alike."""
    named = {each.id: each.name for each in strategies.in_use(strategies.CONTACT)}
    why = f"They are the same by the matching strategy “{named.get(known.strategy_id, known.strategy_id)}”."
    found = Suggestion(other_id, max(likeness.score, 90), [why, *likeness.reasons])
    return replace(found, strategy_id=known.strategy_id, found_at=known.found_at)


def _around_contact(contact: Contact) -> Iterator[str]:
    for key in _near(ContactsItem.by_likeness, contact.likeness, contact.name_key):
        yield key.removeprefix("CONTACT#")
    for key in _near(ContactsItem.by_phone_tail, contact.phone_tail, contact.name_key):
        yield key.removeprefix("CONTACT#")
    if contact.last_name:
        yield from _by_name("contact", f"{contact.last_name} {(contact.first_name or '')[:1]}".strip())


def _around_account(account: Account) -> Iterator[str]:
    for key in _near(ContactsItem.by_likeness, account.likeness, account.name_key):
        yield key.removeprefix("ACCOUNT#")
    yield from _by_name("account", account.name.split()[0] if account.name.split() else account.name)


def _near(index: Any, block: str | None, name: str | None) -> Iterator[str]:
    """Yield who stands beside a name in a block, on either side."""
    if block is None or name is None:
        return
    for condition, forward in ((ContactsItem.name_key >= name, True), (ContactsItem.name_key < name, False)):
        found = index.query(block, condition, limit=BESIDE, page_size=BESIDE, scan_index_forward=forward)
        yield from (item.pk for item in found)


def _by_name(kind: str, prefix: str) -> Iterator[str]:
    condition = ContactsItem.name_key.startswith(name_key(prefix))
    for shard in partitions(kind):
        found = ContactsItem.by_name.query(shard, condition, limit=OF_A_SHARD, page_size=OF_A_SHARD)
        yield from (item.pk.partition("#")[2] for item in found)


def dismiss_contact(contact_id: str, other_id: str, by: str, now: datetime) -> None:
    """Note that two contacts are not the same; they are not suggested again while both stay as they are.

    Raises NotFound, Invalid for one and the same.
    """
    one, other = identity.find(contact_id), identity.find(other_id)
    _dismiss("contact", one.contact, other.contact, by, now)


def dismiss_account(account_id: str, other_id: str, by: str, now: datetime) -> None:
    """Note that two accounts are not the same. Raises as `dismiss_contact` does."""
    one, other = (accounts.find(accounts.ids_of(each)[0]) for each in (account_id, other_id))
    _dismiss("account", one, other, by, now)


def _dismiss(kind: str, one: Any, other: Any, by: str, now: datetime) -> None:
    if one.record_id == other.record_id:
        raise Invalid("These are one and the same.", [Problem("other_id", "Name another one.")])
    seen = _seen(kind, one, other)
    commit(
        [
            put(Dismissed(*Dismissed.at(kind, mine, theirs), other_id=theirs, seen=seen, by=by, at_instant=now))
            for mine, theirs in ((one.record_id, other.record_id), (other.record_id, one.record_id))
        ]
    )


def _seen(kind: str, one: Any, other: Any) -> str:
    """Return what was compared, as a name that is another one as soon as anything of it is."""
    sides = sorted(_told(kind, each) for each in (one, other))
    return digest(*sides)


def _told(kind: str, record: Any) -> str:
    values: Iterable[Any] = (getattr(record, name) for name in COMPARED[kind])
    return digest(record.record_id, *(str(value or "") for value in values))
