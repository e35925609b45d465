"""Registrations as they are: one of them, those of an event, those of somebody."""

from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import read
from chalicelib.errors import NotFound
from chalicelib.lists import Asked, Page, page, partitions
from chalicelib.registrations.models import OfContact, Registration, RegistrationsItem, refused_of, registration_key

MOST = 100  # registrations of somebody that conditions are asked about, or that a run of a sweep deletes


def find(registration_id: str) -> Registration:
    """Return a registration, read consistently. Raises NotFound."""
    found = Registration.find(*Registration.at(registration_id))
    if found is None:
        raise NotFound("There is no registration of this id.")
    return found


def of_event(event_id: str, asked: Asked, *, refused: bool = False) -> Page[Registration]:
    """Newest first: who registered and who canceled, or who got no seat."""
    hashes = partitions(refused_of(event_id) if refused else event_id)
    return page(RegistrationsItem.by_event, hashes, asked, newest_first=True, kind=Registration)


def of_contact(contact_id: str, asked: Asked) -> Page[Registration]:
    """Newest first, as whichever contact somebody registered (CON-8). Raises NotFound."""
    ids = contacts.find_who(contact_id).ids
    return page(RegistrationsItem.by_contact, list(ids), asked, newest_first=True, kind=Registration)


def of_contact_now(contact_id: str) -> list[Registration]:
    """Return a contact's newest hundred registrations, each as it is now, read consistently."""
    listed = OfContact.query(
        f"CONTACT#{contact_id}",
        OfContact.sk.startswith("REGISTRATION#"),
        scan_index_forward=False,
        consistent_read=True,
        limit=MOST,
    )
    found = read([registration_key(each.registration_id) for each in listed])
    return [row for row in found if row is not None]
