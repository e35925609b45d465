"""What everybody may ask of an event: to be registered, by a program or by the event's own page."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from chalicelib import web
from chalicelib.capture.websites import pace
from chalicelib.capture.websites.public import browser_of
from chalicelib.clock import digest, new_id
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.errors import Conflict, Forbidden, Gone, Invalid, NotFound, TooMany, Unavailable, Unprocessable
from chalicelib.http import FORM, JSON, STATUS_OF, Api, Call, Nothing, Reply, form_of, json_of, problem
from chalicelib.registrations import events, pages, registering
from chalicelib.registrations.models import REFUSED, Registration
from chalicelib.registrations.registering import Read, Submitted
from chalicelib.registrations.schemas import AttendeeResult, EventLink, RegistrationRequest, RegistrationResult
from chalicelib.registrations.sent import attendees_of
from chalicelib.settings import settings

api = Api(__name__)

PROBLEM = "application/problem+json"
PUBLIC = "/events/{event_id}/registrations"


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
    if all(each.state == REFUSED for each in taken):
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


# The page ------------------------------------------------------------------------------------------------------------


@api.on("GET /e/{event_id}", scope=None, query=EventLink)
def show_event_page(call: Call[Nothing], event_id: str) -> Reply:
    """Show the page of a live event, with a form by which one person registers."""
    try:
        return pages.show(event_id, call.query.v, call.now)
    except NotFound as error:
        return _nothing_there(error)


@api.on("POST /e/{event_id}", scope=None, content_types=(FORM,))
def receive_event_form(call: Call[Nothing], event_id: str) -> Reply:
    """Take what was sent from the page of an event."""
    try:
        return _received(call, event_id)
    except NotFound as error:
        return _nothing_there(error)
    except Invalid as error:  # a person reads this, so it is a page and no JSON
        return web.message("We could not read what was sent", str(error), HTTPStatus.BAD_REQUEST)
    except (TooMany, Unavailable, Unprocessable, Conflict) as error:
        return web.message("Please try again", str(error), STATUS_OF[type(error)])


def _received(call: Call[Nothing], event_id: str) -> Reply:
    fields = form_of(call)
    submitted = pages.sent(event_id, fields)
    try:
        found = registering.read(submitted, call.now)
    except (Invalid, Forbidden, Gone) as error:
        return pages.again(event_id, fields, error, call.now)
    _paced(call, found)
    [done] = registering.submit(found, call.now)
    return pages.thanks(event_id, done)


def _nothing_there(error: NotFound) -> Reply:
    return web.message("There is nothing here", str(error), HTTPStatus.NOT_FOUND)
