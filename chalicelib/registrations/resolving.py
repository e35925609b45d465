"""What a registration comes to: whose it is, the lead of contact and event, and everything it writes (EVT-2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from chalicelib.capture.resolved import Resolved, result
from chalicelib.capture.resolving import SHARED
from chalicelib.clock import digest
from chalicelib.contacts import claims
from chalicelib.contacts import matching as contact_matching
from chalicelib.contacts import service as contacts
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.plans import BOOK as CONTACTS
from chalicelib.dynamodb import Look, Notes, Write, put, put_new, shard
from chalicelib.errors import Problem, Unprocessable
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.interactions.visitors import Personal
from chalicelib.leads import matching as lead_matching
from chalicelib.leads import service as leads
from chalicelib.leads.matching import BOOK as LEADS
from chalicelib.leads.models import settings_key as lead_settings_key
from chalicelib.registrations import seats
from chalicelib.registrations.asking import Attendee
from chalicelib.registrations.events import STRATEGIES, Event
from chalicelib.registrations.models import LeadOfEvent, OfContact, Registration, lead_key

NOBODY = Attendee({}, {})


class Wanted(Struct, frozen=True):
    """A registration as it is asked for. Who is registered by a user may be a contact, and needs no free seat."""

    event: Event
    id: str
    submission_id: str
    attendee: Attendee = NOBODY
    number: int = 1
    contact_id: str | None = None
    role: str = "attendee"
    by: str | None = None
    came_by: Personal = field(default_factory=Personal)

    @property
    def capacity(self) -> int | None:
        return None if self.by is not None else self.event.document.maximum_capacity


def row_of(wanted: Wanted, now: datetime) -> Registration:
    """Return the row of a registration, of nobody yet."""
    return Registration(
        *Registration.at(wanted.id),
        registration_id=wanted.id,
        event_id=wanted.event.id,
        event_version=wanted.event.version,
        submission_id=wanted.submission_id,
        attendee=wanted.number,
        registered_by=wanted.by,
        owner_id=wanted.event.document.owner_id,  # GEN-13
        role=wanted.role,
        values=dict(wanted.attendee.person) or None,
        answers=dict(wanted.attendee.answers) or None,
        event_shard=f"{wanted.event.id}#{shard(wanted.id)}",
        registered_at=now,
    )


def resolve(wanted: Wanted, row: Registration, now: datetime) -> Resolved:
    """Decide whose a registration is and complete its row. Raises Unprocessable for what can only fail (MAT-6)."""
    resolved, look = Resolved(), _ahead(wanted)
    given = _known(resolved, wanted, look) if wanted.contact_id else _matched(resolved, wanted, now, look)
    if wanted.event.document.create_leads:
        _lead(resolved, wanted, given, now, look)
    row.contact_id, row.lead_id = resolved.contact_id, resolved.lead_id
    resolved.writes += interactions.record(happened(row, InteractionType.EVENT_REGISTRATION, now, wanted.came_by), now)
    resolved.writes += [put_new(row), _listed(row, now), seats.take(wanted.event.id, wanted.capacity)]
    return resolved


def _listed(row: Registration, now: datetime) -> Write:
    place = OfContact.at(str(row.contact_id), now, row.registration_id)
    return put(OfContact(*place, registration_id=row.registration_id))


def _ahead(wanted: Wanted) -> Look:
    """Read together what the steps below ask for one by one: whose the keys are, then the records."""
    notes, person = Notes(), wanted.attendee.person
    places = {CONTACTS: contact_matching.sought(person)} if wanted.contact_id is None else {}
    if wanted.event.document.create_leads:
        notes.expect([lead_settings_key()])
        places[LEADS] = lead_matching.sought(person, None)
    claims.ahead(places, notes.look)
    return notes.look


def _context(wanted: Wanted, now: datetime) -> MarketingContext:
    by = wanted.came_by
    return MarketingContext(journey_id=by.journey_id, email_id=by.email_id, event_id=wanted.event.id, at=now)


def _matched(resolved: Resolved, wanted: Wanted, now: datetime, look: Look) -> Mapping[str, Any]:
    """Find who registers by the event's strategy, or make the contact (EVT-10)."""
    document = wanted.event.document
    prepared = contacts.prepare(
        wanted.attendee.person,
        strategy_id=STRATEGIES[document.matching],
        new_id=digest("contact", wanted.id),
        context=_context(wanted, now),
        now=now,
        owner_id=document.owner_id,
        look=look,
    )
    _is(resolved, prepared.record)
    resolved.writes += prepared.writes
    resolved.contact_result = result(created=prepared.created, changed=prepared.changed)
    return wanted.attendee.person


def _known(resolved: Resolved, wanted: Wanted, look: Look) -> Mapping[str, Any]:
    """Take the contact that a user names, as it is (EVT-9)."""
    contact = contacts.who_is(str(wanted.contact_id), look).contact
    if contact is None:
        unknown = [Problem("contact_id", "There is no such contact.")]
        raise Unprocessable("Only somebody who is known can be registered by a contact.", unknown)
    _is(resolved, contact)
    resolved.writes.append(contacts.still_as_read(contact))
    return {name: getattr(contact, name) for name in SHARED}


def _is(resolved: Resolved, contact: Any) -> None:
    resolved.contact, resolved.contact_id = contact, contact.contact_id
    resolved.identities = [contact.contact_id, *sorted(contact.identities or ())]


def _lead(resolved: Resolved, wanted: Wanted, given: Mapping[str, Any], now: datetime, look: Look) -> None:
    """Make the lead of contact and event, unless one was made of it, as whichever contact it is (EVT-13).

    The contact's row is held as it was read, so nobody becomes one with another meanwhile.
    """
    earlier = [row for row in look(lead_key(each, wanted.event.id) for each in resolved.identities) if row is not None]
    if earlier:
        resolved.lead_id = earlier[0].lead_id
        return
    contact_id, event = str(resolved.contact_id), wanted.event
    prepared = leads.prepare(
        {"topic": event.name, **{name: value for name, value in given.items() if name in SHARED}},
        contact_id=contact_id,
        strategy_id=None,
        always_new=True,
        page_id=None,
        new_id=digest("event-lead", wanted.id),
        context=_context(wanted, now),
        owner_id=event.document.owner_id,
        now=now,
        look=look,
    )
    resolved.lead_id = prepared.record.lead_id
    made = LeadOfEvent(*LeadOfEvent.at(contact_id, event.id), event_id=event.id, lead_id=resolved.lead_id)
    resolved.writes += [*prepared.writes, put_new(made)]


NO_MESSAGE = Personal()


def happened(
    row: Registration, type_: InteractionType, at: datetime, came_by: Personal = NO_MESSAGE, contact_id: str = ""
) -> NewInteraction:
    """Return the interaction of what happened with a registration; each happens once."""
    return NewInteraction(
        type=type_,
        at=at,
        source="registration",
        source_event=f"{row.registration_id}#{type_}",
        contact_id=contact_id or row.contact_id,
        lead_id=row.lead_id,
        attributes={
            "event_id": row.event_id,
            "registration_id": row.registration_id,
            "journey_id": came_by.journey_id,
            "email_id": came_by.email_id,
        },
    )
