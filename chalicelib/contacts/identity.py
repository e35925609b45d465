"""Who is who after merging: a contact and all that were merged into it are one person (decision 46).

What tells it lies on the contact's own row, which is read anyway: nobody who was never merged costs a request more.
"""

from collections.abc import Iterable

from chalicelib.conditions.sources import Identity
from chalicelib.contacts.models import Contact
from chalicelib.contacts.reading import key
from chalicelib.dynamodb import Look, Write, check, read
from chalicelib.errors import Conflict, NotFound, Problem

MOST = 10
"""Contacts that can be one person."""


def of(contact_id: str, look: Look = read) -> Identity:
    """Return who a contact is, whichever of its identities is named, read consistently."""
    [contact] = look([key(contact_id)])
    return of_row(contact_id, contact, look)


def of_row(contact_id: str, contact: Contact | None, look: Look = read) -> Identity:
    """Return who a contact is whose row was read."""
    while contact is not None and contact.merged_into is not None:  # each step is to a later merge
        contact_id = contact.merged_into
        [contact] = look([key(contact_id)])
    if contact is None:
        return Identity((contact_id,))
    return Identity((contact_id, *sorted(contact.identities or ())), contact)


def many(contact_ids: Iterable[str]) -> list[Identity]:
    """Return who these contacts are, each person once and only those that exist."""
    asked = list(dict.fromkeys(contact_ids))
    rows = read(key(each) for each in asked)
    known = [of_row(each, row) for each, row in zip(asked, rows, strict=True) if row is not None]
    return list({who.id: who for who in known if who.contact is not None}.values())


def find(contact_id: str) -> Identity:
    """Return who a contact is. Raises NotFound."""
    who = of(contact_id)
    if who.contact is None:
        raise NotFound("There is no contact of this id.")
    return who


def still_itself(contact_id: str) -> Write:
    """Return the check that a contact exists and is no other's identity, for what belongs to the person."""
    return check(key(contact_id), Contact.pk.exists() & Contact.merged_into.does_not_exist())


def still_as_read(contact: Contact) -> Write:
    """Return the check that a contact's row is as it was read, and so says the same of who it is."""
    return check(key(contact.contact_id), Contact.version == contact.version)


def require_itself(contact: Contact) -> None:
    """Raise Conflict, naming the contact that counts, for one that was merged into it."""
    if contact.merged_into is not None:
        into = [Problem("merged_into", contact.merged_into)]
        raise Conflict("This contact was merged into another one. Change that one, or undo the merge first.", into)
