"""Use cases: what becomes of registrations: changed, canceled, checked in and out."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.contacts import service as contacts
from chalicelib.definitions import live as definitions
from chalicelib.dynamodb import ConditionFailed, Write, commit, put_changed, tries
from chalicelib.errors import Conflict, Invalid, Stale
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.types import InteractionType
from chalicelib.registrations import asking, seats
from chalicelib.registrations.events import KIND
from chalicelib.registrations.models import CANCELED, REGISTERED, Registration
from chalicelib.registrations.reading import find
from chalicelib.registrations.resolving import happened
from chalicelib.registrations.schemas import EventDocument

STALE = Stale("The registration has changed since you read it. Read it again and repeat the change.")


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
    for _ in tries():
        row = find(registration_id)
        writes = happening(row)
        if writes is None:
            return row
        try:
            commit([put_changed(row, refused=STALE), *writes])
        except (ConditionFailed, Stale):
            continue
        return row
    raise seats.BUSY
