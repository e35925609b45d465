"""Contacts as they are found: by id, by name, by owner, by account, by address; and whom they may be as well."""

from collections.abc import Iterable

from chalicelib.contacts import accounts, strategies
from chalicelib.contacts.models import Contact, ContactsItem, Duplicate, Heir, Owner, name_key
from chalicelib.dynamodb import Key, Write, check, read
from chalicelib.errors import Conflict, NotFound
from chalicelib.lists import Asked, Page, page, partitions


def find(contact_id: str) -> Contact:
    """Return a contact, read consistently. Raises NotFound."""
    contact = Contact.find(*Contact.at(contact_id))
    if contact is None:
        raise NotFound("There is no contact of this id.")
    return contact


def key(contact_id: str) -> Key:
    return Key(Contact, *Contact.at(contact_id))


def still_there(contact_id: str) -> Write:
    """Return the check that a contact exists, for what must not outlive it."""
    return check(key(contact_id), Contact.pk.exists())


def exists(contact_id: str | None) -> bool:
    """Return whether a contact is there: facts that come late must not leave anything of a deleted one."""
    return bool(contact_id) and bool(find_many([contact_id or ""]))


def find_many(contact_ids: Iterable[str]) -> list[Contact]:
    """Return those of the contacts that exist, read consistently."""
    return [contact for contact in read(key(each) for each in contact_ids) if contact is not None]


def by_name(prefix: str, asked: Asked) -> Page[Contact]:
    condition = ContactsItem.name_key.startswith(name_key(prefix)) if prefix else None
    return page(ContactsItem.by_name, partitions("contact"), asked, condition=condition, kind=Contact)


def by_created(asked: Asked) -> Page[Contact]:
    """Newest first."""
    return page(ContactsItem.by_created, partitions("contact"), asked, newest_first=True, kind=Contact)


def by_owner(owner_id: str, asked: Asked) -> Page[Contact]:
    """Newest first."""
    return page(ContactsItem.by_owner, [owner_id], asked, newest_first=True, kind=Contact)


def by_account(account_id: str, asked: Asked) -> Page[Contact]:
    """By name; also those of accounts that were merged into it."""
    return page(ContactsItem.by_account, accounts.ids_of(account_id), asked, kind=Contact)


def by_email(address: str) -> list[Contact]:
    """Return the contacts that hold an address: the owner of its key and the heirs, read consistently.

    Raises Conflict if no strategy by email alone is in use.
    """
    strategy = next((each for each in strategies.in_use(strategies.CONTACT) if each.attributes == ("email",)), None)
    if strategy is None:
        raise Conflict("Contacts can be found by address only while a matching strategy by email alone is in use.")
    return find_many(_at(strategy.place({"email": address}) or ""))


def holders(address_hash: str) -> list[str]:
    """Return the ids of the contacts that hold an address, by its keyed hash alone (decisions 31, 38).

    None where no strategy by email alone is in use: then nobody claims addresses.
    """
    by_email = (each for each in strategies.in_use(strategies.CONTACT) if each.attributes == ("email",))
    return [holder for strategy in by_email for holder in _at(f"CLAIM#{strategy.id}##{address_hash}")]


def _at(place: str) -> list[str]:
    rows = [item for item in ContactsItem.query(place, consistent_read=True) if isinstance(item, (Owner, Heir))]
    return list(dict.fromkeys(row.record_id for row in rows))


def duplicates(contact_id: str, most: int | None = None) -> list[Duplicate]:
    """Return the suggestions that a contact is somebody else as well."""
    rows = Duplicate.sk.startswith("DUPLICATE#")
    return list(Duplicate.query(f"CONTACT#{contact_id}", rows, consistent_read=True, limit=most))
