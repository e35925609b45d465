"""Use cases: who may be the same as somebody, with a score and reasons, and that it is not so.

Who has the same key as another was noted when it was written (`Duplicate`) and is suggested while it still has; who is
only alike is looked for by name.
"""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.contacts import accounts, identity, strategies, suggestions
from chalicelib.contacts.likeness import accounts_alike, contacts_alike
from chalicelib.contacts.models import Account, Contact, ContactsItem, Duplicate, name_key
from chalicelib.contacts.reading import duplicates
from chalicelib.contacts.suggestions import ACCOUNT, CONTACT, SameKey, Suggestion
from chalicelib.lists import partitions

OF_A_SHARD = 5  # looked at by name in each of 16 shards
MOST_EXACT = 50


def of_contact(contact_id: str) -> list[Suggestion]:
    """Return who may be the same person, the surest first. Raises NotFound."""
    who = identity.find(contact_id)
    exact = [each for one in who.ids for each in duplicates(one, MOST_EXACT)][:MOST_EXACT]
    others = identity.many([*(each.other_id for each in exact), *around_contact(who.contact)])
    found = {other.id: other for other in others if other.id != who.id}
    known = {other.id: each for each in exact for other in found.values() if each.other_id in other.ids}
    rows = {one: each.contact for one, each in found.items()}
    same = {one: _same_key(who.contact, rows[one], each) for one, each in known.items()}
    by_key = {one: each for one, each in same.items() if each is not None}
    return suggestions.listed(CONTACT, who.contact, rows, by_key, contacts_alike)


def _same_key(one: Contact, other: Contact, noted: Duplicate) -> SameKey | None:
    """Return by which strategy in use two contacts have the same key: that was noted, which may not be so any more."""
    shared = {place.split("#")[1] for place in one.places & other.places}
    by = [each.id for each in strategies.in_use(strategies.CONTACT) if each.id in shared]
    return SameKey(noted.strategy_id if noted.strategy_id in by else by[0], noted.found_at) if by else None


def of_account(account_id: str) -> list[Suggestion]:
    """Return which account may be the same company, the surest first. Raises NotFound."""
    asked = accounts.find_if_any(accounts.find(account_id).record_id) or accounts.find(account_id)
    found = {each.record_id: each for each in accounts.find_all(_around_account(asked)).values()}
    found.pop(asked.record_id, None)
    return suggestions.listed(ACCOUNT, asked, found, {}, accounts_alike)


def around_contact(contact: Contact) -> Iterator[str]:
    """Yield who stands beside a contact in its blocks and by its name, whether or not it is written yet."""
    blocks = (ContactsItem.by_likeness, contact.likeness), (ContactsItem.by_phone_tail, contact.phone_tail)
    for index, block in blocks:
        for item in suggestions.near(index, block, ContactsItem.name_key, contact.name_key):
            yield item.pk.removeprefix("CONTACT#")
    if contact.last_name:
        yield from _by_name("contact", f"{contact.last_name} {(contact.first_name or '')[:1]}".strip())


def _around_account(account: Account) -> Iterator[str]:
    for item in suggestions.near(ContactsItem.by_likeness, account.likeness, ContactsItem.name_key, account.name_key):
        yield item.pk.removeprefix("ACCOUNT#")
    yield from _by_name("account", account.name.split()[0] if account.name.split() else account.name)


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
    suggestions.dismiss(CONTACT, one.contact, other.contact, by, now)


def dismiss_account(account_id: str, other_id: str, by: str, now: datetime) -> None:
    """Note that two accounts are not the same. Raises as `dismiss_contact` does."""
    one, other = (accounts.find(accounts.ids_of(each)[0]) for each in (account_id, other_id))
    suggestions.dismiss(ACCOUNT, one, other, by, now)
