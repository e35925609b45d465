"""What becomes of the registrations of who is deleted: they go, their seats are free."""

from datetime import datetime

from chalicelib.dynamodb import ConditionFailed, Key, Write, commit, delete, tries
from chalicelib.registrations import seats
from chalicelib.registrations.models import REGISTERED, OfContact, Registration, RegistrationsItem
from chalicelib.registrations.reading import MOST, of_contact_now
from chalicelib.sweeping import emptied


def sweep(contact_id: str, _: datetime) -> bool:
    """Delete the registrations of a deleted contact, a hundred at a time; return whether nothing is left."""
    found = of_contact_now(contact_id)
    for row in found:
        vacate(row)
    if len(found) == MOST:
        return False  # what leads to the others must not go before them
    return emptied(RegistrationsItem, f"CONTACT#{contact_id}")


def vacate(row: Registration) -> None:
    """Delete a registration of who is gone. Its seat is free; the figures of the event stay."""
    for _ in tries():
        left = [seats.leave(row.event_id)] if row.state == REGISTERED else []
        try:
            commit([delete(row.key, Registration.version == row.version), *_unlisted(row), *left])
        except ConditionFailed:
            found = Registration.find(*Registration.at(row.registration_id))
            if found is None:
                return
            row = found
        else:
            return
    raise seats.BUSY


def _unlisted(row: Registration) -> list[Write]:
    if row.contact_id is None:
        return []
    return [delete(Key(OfContact, *OfContact.at(row.contact_id, row.registered_at, row.registration_id)))]
