"""The page of an event: what it is, and a form by which one person registers, without script."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from chalicelib import web
from chalicelib.clock import digest, new_id
from chalicelib.errors import Forbidden, Gone, Invalid, Problem
from chalicelib.http import Reply
from chalicelib.interactions.visitors import Personal
from chalicelib.registrations import asking, events
from chalicelib.registrations.events import Event
from chalicelib.registrations.models import REFUSED, Registration
from chalicelib.registrations.registering import NOT_INVITED, Submitted
from chalicelib.tokens import sign, verify

NONCE, TRAP = "_nonce", "_more"
OPENED_ELSEWHERE = Invalid("This form was opened too long ago, or not here. Open the page again and repeat it.")


class Typed(Struct, frozen=True):
    """What was typed, and what was wrong with it, by field."""

    values: Mapping[str, Any] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)


NOTHING = Typed()


def show(name: str, link: str | None, now: datetime) -> Reply:
    """Show a live event, with the form while registration is open, else with what closed it (EVT-11).

    Raises NotFound: what is not live is not shown (EVT-5).
    """
    event = events.find(name)
    return _page(event, link or "", NOTHING, now)


def sent(name: str, fields: Mapping[str, Any]) -> Submitted:
    """Return what the form of the page sent, once however often: by what was typed since it was opened.

    Raises Invalid for a form that was not opened here, or that a robot filled.
    """
    nonce = str(fields.get(NONCE, ""))
    event_id, link, _ = _opened(nonce)
    event = events.find(name)
    if event_id != event.id:
        raise OPENED_ELSEWHERE
    if fields.get(TRAP):
        raise Invalid("This does not look like a person's message, so it was not taken.")
    typed = _typed(fields)
    source_event = digest(nonce, *(f"{each}={value}" for each, value in sorted(typed.items())))
    return Submitted(event.id, [typed], source_event, link or None)


def _opened(nonce: str) -> tuple[str, str, str]:
    parts = verify("event-nonce", nonce) if nonce else ()
    if len(parts) != 3:
        raise OPENED_ELSEWHERE
    return parts[0], parts[1], parts[2]


def _typed(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if not name.startswith("_")}


def again(name: str, fields: Mapping[str, Any], error: Invalid | Forbidden | Gone, now: datetime) -> Reply:
    """Show the page once more with what is wrong; what was typed is still there."""
    event = events.find(name)
    problems = error.problems or [Problem("", str(error))]
    _, link, _ = _opened(str(fields.get(NONCE, "")))
    return _page(event, link, Typed(_typed(fields), _placed(problems)), now, HTTPStatus.UNPROCESSABLE_ENTITY)


def _placed(problems: Sequence[Problem]) -> dict[str, str]:
    return {each.field.removeprefix("attendees.0."): each.message for each in problems}


def thanks(name: str, done: Registration) -> Reply:
    """Thank who registered, in the event's own words, or say that no seat was left."""
    event = events.find(name)
    document = event.document
    refused = done.state == REFUSED
    text = document.full_message if refused else document.success_message
    status = HTTPStatus.CONFLICT if refused else HTTPStatus.OK
    return web.message(event.name, text, status, document.language or "en", named=True)


def _page(event: Event, link: str, typed: Typed, now: datetime, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    document, zone = event.document, ZoneInfo(event.document.time_zone)
    return web.page(
        "event.html",
        status,
        title=event.name,
        language=document.language or "en",
        description=document.description,
        said=document.error_message if typed.wrong else "",
        begins=document.starts_at.astimezone(zone),
        ends=document.ends_at.astimezone(zone),
        zone=document.time_zone,
        location=document.location,
        closed=_closed(event, link, now),
        asked=asking.form_of(document),
        id=event.id,
        nonce=sign("event-nonce", event.id, link, new_id()),
        typed=typed.values,
        wrong=typed.wrong,
        action=web.url(f"/e/{document.readable_id or event.id}"),
    )


def _closed(event: Event, link: str, now: datetime) -> str:
    """Return what stands where the form would be: why nobody, or not this person, can register."""
    if events.is_closed(event.document, now):
        return event.document.closed_message
    invited = event.document.allow_anonymous_registrations or Personal.of(link).contact_id is not None
    return "" if invited else str(NOT_INVITED)
