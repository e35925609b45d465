"""Events and registrations over HTTP, for those who invite people and let them in."""

from http import HTTPStatus
from typing import Any

from chalicelib import clock
from chalicelib.contacts import service as contacts
from chalicelib.contacts import strategies
from chalicelib.definitions.models import Definition
from chalicelib.definitions.routes import Kind, lifecycle
from chalicelib.errors import Invalid, NotFound, Problem
from chalicelib.http import Api, Call, Listing, ListQuery, Nothing
from chalicelib.registrations import asking, events, reading, registering, seats, service, shown
from chalicelib.registrations.models import Registration
from chalicelib.registrations.resolving import Wanted
from chalicelib.registrations.schemas import (
    EventDocument,
    EventOfContact,
    NewRegistration,
    RegistrationChange,
    Registrations,
    RegistrationsQuery,
    RegistrationView,
)

api = Api(__name__)

ONE = "/registrations/{registration_id}"


def _prepared(document: EventDocument, _: Definition | None) -> EventDocument:
    """Have contacts made ready to be matched as the event says, so that they are when it goes live."""
    strategies.offer(events.STRATEGIES[document.matching], clock.now())
    return document


lifecycle(
    api,
    Kind("event", "/events", EventDocument, events.check, before_save=_prepared, publish_writes=events.going_live),
)


@api.on("GET /contacts/{contact_id}/events", scope="registrations:read", query=ListQuery,
        returns=Listing[EventOfContact])  # fmt: skip
def list_events_of_contact(call: Call[Nothing], contact_id: str) -> Listing[EventOfContact]:
    """List what a contact registered for, newest first: what was gathered then, and whether it came."""
    found = reading.of_contact(contact_id, call.query.asked)
    return Listing[EventOfContact](items=shown.with_events(found.items), next_cursor=found.next_cursor)


@api.on(
    "POST /contacts/{contact_id}/events",
    scope="registrations:write",
    body=NewRegistration,
    returns=RegistrationView,
    status=HTTPStatus.CREATED,
)
def register_contact(call: Call[NewRegistration], contact_id: str) -> RegistrationView:
    """Register a contact for a live event, also where all seats are taken or registration has ended."""
    contacts.find_who(contact_id)
    event = events.find(call.body.event_id)
    answers, problems = asking.read_answers(event.document, call.body.answers)
    if problems:
        at = [Problem(f"answers.{each.field}", each.message) for each in problems]
        raise Invalid("These answers do not fit what the event asks.", at)
    wanted = Wanted(
        event,
        call.new_id,
        call.new_id,
        asking.Attendee({}, answers),
        contact_id=contact_id,
        role=call.body.role,
        by=call.caller.id,
    )
    return shown.view(registering.take(wanted, call.now))


@api.on("GET /registrations", scope="registrations:read", query=RegistrationsQuery, returns=Registrations)
def list_registrations(call: Call[Nothing]) -> Registrations:
    """List the registrations for an event, newest first, or those who got no seat; with the event's figures."""
    asked: RegistrationsQuery = call.query
    found = reading.of_event(asked.event_id, asked.asked, refused=asked.state is not None)
    known = seats.of(asked.event_id)
    return Registrations(
        items=[shown.view(each) for each in found.items],
        next_cursor=found.next_cursor,
        registration_count=seats.registrations(known),
        check_in_count=seats.check_ins(known),
        seats_left=seats.left(known, _capacity(asked.event_id)),
    )


def _capacity(event_id: str) -> int | None:
    try:
        return events.find(event_id).document.maximum_capacity
    except NotFound:
        return None  # what is not live offers no seats


@api.on(f"GET {ONE}", scope="registrations:read", returns=RegistrationView)
def show_registration(_: Call[Nothing], registration_id: str) -> RegistrationView:
    """Show a registration, such as the one that a QR code names."""
    return shown.view(reading.find(registration_id))


@api.on(f"PATCH {ONE}", scope="registrations:write", body=RegistrationChange, returns=RegistrationView)
def change_registration(call: Call[RegistrationChange], registration_id: str) -> RegistrationView:
    """Cancel it, note that somebody came or left (twice is once), or change its fields; these need If-Match."""
    found, asked, by = reading.find(registration_id), call.body, call.caller.id
    if len(asked.happened) + bool(asked.fields) > 1:
        raise Invalid("Change one thing at a time.", [Problem(name, "One of these.") for name in asked.happened])
    if asked.fields:
        found = service.change(registration_id, asked.fields, call.version)
    for name in asked.happened:
        found = _happened(name, registration_id, asked.at or call.now, by, call)
    return shown.view(found)


def _happened(name: str, registration_id: str, at: Any, by: str, call: Call[Any]) -> Registration:
    if name == "canceled":
        return service.cancel(registration_id, by, call.now)
    if name == "checked_in":
        return service.check_in(registration_id, at, by, call.now)
    return service.check_out(registration_id, at)
