"""Events and registrations over HTTP: for everybody who comes, and for those who invite them."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from chalicelib import clock
from chalicelib.capture.websites import pace
from chalicelib.capture.websites.public import browser_of
from chalicelib.clock import digest, new_id
from chalicelib.contacts import service as contacts
from chalicelib.contacts import strategies
from chalicelib.definitions.models import Definition
from chalicelib.definitions.routes import Kind, lifecycle
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Problem, Unprocessable
from chalicelib.http import (
    FORM,
    JSON,
    STATUS_OF,
    Api,
    Call,
    Listing,
    ListQuery,
    Nothing,
    Reply,
    form_of,
    json_of,
    problem,
)
from chalicelib.registrations import asking, events, registering, seats, service, shown
from chalicelib.registrations.models import REFUSED, REGISTERED, Registration
from chalicelib.registrations.registering import Read, Submitted
from chalicelib.registrations.resolving import Wanted
from chalicelib.registrations.schemas import (
    AttendeeResult,
    EventDocument,
    EventOfContact,
    NewRegistration,
    RegistrationChange,
    RegistrationRequest,
    RegistrationResult,
    Registrations,
    RegistrationsQuery,
    RegistrationView,
)
from chalicelib.registrations.sent import attendees_of
from chalicelib.settings import settings

api = Api(__name__)

PROBLEM = "application/problem+json"
PUBLIC = "/events/{event_id}/registrations"
ONE = "/registrations/{registration_id}"


def _prepared(document: EventDocument, _: Definition | None) -> EventDocument:
    """Have contacts made ready to be matched as the event says, so that they are when it goes live."""
    strategies.offer(events.STRATEGIES[document.matching], clock.now())
    return document


lifecycle(
    api,
    Kind("event", "/events", EventDocument, events.check, before_save=_prepared, publish_writes=events.going_live),
)


# Everybody ---------------------------------------------------------------------------------------------------------


@api.on(f"OPTIONS {PUBLIC}", scope=None)
def allow_registrations(call: Call[Nothing], event_id: str) -> Reply:
    """Tell a browser whether a page of another origin may register people for this event."""
    return Reply("", HTTPStatus.NO_CONTENT, headers=_cors(call, event_id))


def _cors(call: Call[Any], event_id: str) -> dict[str, str | list[str]]:
    """Return what lets an event's own origins read the answer. Raises Forbidden for a foreign origin."""
    origin, own = call.headers.get("origin"), urlsplit(settings.public_url)
    if origin is None or origin == f"{own.scheme}://{own.netloc}":
        return {}
    if origin not in events.find(event_id).document.allowed_origins:
        raise Forbidden("Pages of this origin may not register people. Add the origin to the event.")
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "POST, OPTIONS",
        "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }


REFUSALS = (Conflict, Forbidden, Gone, Invalid, Unprocessable)


@api.on(f"POST {PUBLIC}", scope=None, content_types=(JSON, FORM), returns=RegistrationResult)
def register(call: Call[Nothing], event_id: str) -> Reply:
    """Register whoever comes, as JSON or as a urlencoded form; with an Idempotency-Key, once."""
    allowed = _cors(call, event_id)
    try:
        return Reply(_registered(call, event_id), HTTPStatus.CREATED, headers=allowed)
    except REFUSALS as error:  # the page of another origin may read what is wrong as well
        told = problem(STATUS_OF[type(error)], str(error), error.problems)
        return Reply(told.body, HTTPStatus(told.status_code), PROBLEM, headers={**told.headers, **allowed})


def _registered(call: Call[Nothing], event_id: str) -> RegistrationResult:
    sent = _sent(call)
    source_event = digest("key", call.idempotency_key) if call.idempotency_key else new_id()
    found = registering.read(Submitted(event_id, sent.attendees, source_event, sent.invitation), call.now)
    _paced(call, found)
    taken = registering.submit(found, call.now)
    if not any(each.state == REGISTERED for each in taken):
        raise Conflict(found.event.document.full_message)
    results = [AttendeeResult(registration_id=each.registration_id, **_said(each, found)) for each in taken]
    return RegistrationResult(submission_id=found.id, attendees=results)


def _said(each: Registration, found: Read) -> dict[str, str]:
    document = found.event.document
    message = document.full_message if each.state == REFUSED else document.success_message
    return {"state": each.state, "message": message}


def _sent(call: Call[Any]) -> RegistrationRequest:
    if call.headers.get("content-type", JSON).startswith(FORM):
        sent = form_of(call)
        given = {"invitation": sent["_invitation"]} if sent.get("_invitation") else {}
        return RegistrationRequest.model_validate({"attendees": attendees_of(sent), **given})
    return RegistrationRequest.model_validate(json_of(call.raw))


def _paced(call: Call[Any], found: Read) -> None:
    """Let only so many submissions of one network through a minute. Raises TooMany; a repeat goes on."""
    try:
        commit([pace.step(None, browser_of(call).network, found.id, call.now)])
    except ConditionFailed as failed:
        if said := pace.refused(failed, found.id):
            raise said from failed


# Those who invite --------------------------------------------------------------------------------------------------


@api.on("GET /contacts/{contact_id}/events", scope="registrations:read", query=ListQuery,
        returns=Listing[EventOfContact])  # fmt: skip
def list_events_of_contact(call: Call[Nothing], contact_id: str) -> Listing[EventOfContact]:
    """List what a contact registered for, newest first: what was gathered then, and whether it came."""
    found = service.of_contact(contact_id, call.query.asked)
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
    found = service.of_event(asked.event_id, asked.asked, refused=asked.state is not None)
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
    return shown.view(service.find(registration_id))


@api.on(f"PATCH {ONE}", scope="registrations:write", body=RegistrationChange, returns=RegistrationView)
def change_registration(call: Call[RegistrationChange], registration_id: str) -> RegistrationView:
    """Cancel it, note that somebody came or left (twice is once), or change its fields; these need If-Match."""
    found, asked, by = service.find(registration_id), call.body, call.caller.id
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
