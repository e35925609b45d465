"""Use cases: what becomes of registrations: changed, canceled, checked in and out, found, listed, forgotten."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.contacts import service as contacts
from chalicelib.definitions import service as definitions
from chalicelib.dynamodb import ConditionFailed, Key, Write, commit, delete, put_changed, read
from chalicelib.errors import Conflict, Invalid, NotFound, Stale
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.types import InteractionType
from chalicelib.lists import Asked, Page, page, partitions
from chalicelib.registrations import asking, seats
from chalicelib.registrations.events import KIND
from chalicelib.registrations.models import (
    CANCELED,
    REGISTERED,
    OfContact,
    Registration,
    RegistrationsItem,
    registration_key,
)
from chalicelib.registrations.registering import refused_of
from chalicelib.registrations.resolving import happened
from chalicelib.registrations.schemas import EventDocument
from chalicelib.sweeping import emptied

ROUNDS = 4  # of reading a registration and writing what happened with it
MOST = 100  # registrations of somebody that conditions are asked about, or that a run of a sweep deletes
STALE = Stale("The registration has changed since you read it. Read it again and repeat the change.")
BUSY = Conflict("Others change this registration at this moment. Try again in a few seconds.")


def find(registration_id: str) -> Registration:
    """Return a registration, read consistently. Raises NotFound."""
    found = Registration.find(*Registration.at(registration_id))
    if found is None:
        raise NotFound("There is no registration of this id.")
    return found


def document_of(registration: Registration) -> EventDocument:
    """Return the version of the event that somebody registered for."""
    found = definitions.document(KIND, registration.event_id, registration.event_version)
    return EventDocument.model_validate(found)


def change(registration_id: str, values: Mapping[str, Any], version: int) -> Registration:
    """Change the role, or replace the answers. Raises NotFound, Stale, Conflict, Invalid."""
    found = find(registration_id)
    if found.version != version:
        raise STALE
    _require(found, REGISTERED)
    if (role := values.get("role")) is not None:
        found.role = role
    if (typed := values.get("answers")) is not None:
        answers, problems = asking.read_answers(document_of(found), typed)
        if problems:
            raise Invalid("These answers do not fit what the event asks.", problems)
        found.answers = answers or None
    commit([put_changed(found)])
    return found


def _require(found: Registration, state: str) -> None:
    if found.state != state:
        raise Conflict(f"This registration is {found.state}.")


# What happens once ---------------------------------------------------------------------------------------------------

Happening = Callable[[Registration], list[Write] | None]
"""Marks on a registration that something happened and returns what else that writes; None: it has happened already."""


def cancel(registration_id: str, by: str, now: datetime) -> Registration:
    """Deactivate a registration, which stays, and free its seat; twice is once (EVT-8). Raises NotFound, Conflict."""

    def happening(row: Registration) -> list[Write] | None:
        if row.state == CANCELED:
            return None
        _require(row, REGISTERED)
        row.state, row.canceled_at, row.canceled_by = CANCELED, now, by
        return [seats.give_back(row.event_id), *_told(row, InteractionType.EVENT_REGISTRATION_CANCELED, now, now)]

    return _once(registration_id, happening)


def check_in(registration_id: str, at: datetime, by: str, now: datetime) -> Registration:
    """Note that somebody came, by the id that the QR code says; twice is once (EVT-17). Raises NotFound, Conflict."""

    def happening(row: Registration) -> list[Write] | None:
        _require(row, REGISTERED)
        if row.checked_in_at is not None:
            return None
        row.checked_in_at, row.checked_in_by = at, by
        return [seats.come(row.event_id), *_told(row, InteractionType.EVENT_CHECK_IN, at, now)]

    return _once(registration_id, happening)


def check_out(registration_id: str, at: datetime) -> Registration:
    """Note that somebody left; twice is once. Raises NotFound, Conflict where it did not come, Invalid."""

    def happening(row: Registration) -> list[Write] | None:
        if row.checked_in_at is None:
            raise Conflict("Nobody checked in with this registration yet.")
        if row.checked_out_at is not None:
            return None
        if at < row.checked_in_at:
            raise Invalid("Nobody can leave before they came.")
        row.checked_out_at = at
        return []

    return _once(registration_id, happening)


def _told(row: Registration, type_: InteractionType, at: datetime, now: datetime) -> list[Write]:
    """Return the writes of the interaction, of the contact that counts by now."""
    who = contacts.who_is(str(row.contact_id))
    new = happened(row, type_, at, contact_id=who.id)
    return [contacts.still_itself(who.id), *interactions.record(new, now)]


def _once(registration_id: str, happening: Happening) -> Registration:
    for _ in range(ROUNDS):
        row = find(registration_id)
        writes = happening(row)
        if writes is None:
            return row
        try:
            commit([put_changed(row, refused=STALE), *writes])
        except (ConditionFailed, Stale):
            continue
        return row
    raise BUSY


# Lists ---------------------------------------------------------------------------------------------------------------


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


# Whose they were -----------------------------------------------------------------------------------------------------


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
    for _ in range(ROUNDS):
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
    raise BUSY


def _unlisted(row: Registration) -> list[Write]:
    if row.contact_id is None:
        return []
    return [delete(Key(OfContact, *OfContact.at(row.contact_id, row.registered_at, row.registration_id)))]
