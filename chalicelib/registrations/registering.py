"""Use cases: register people for an event, by themselves or by a user, each once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.clock import digest
from chalicelib.contacts.fields import clean
from chalicelib.dynamodb import ConditionFailed, commit, put_new, shard, tries
from chalicelib.errors import Forbidden, Gone, Invalid, Problem, Stale, Unavailable
from chalicelib.interactions.visitors import Personal
from chalicelib.registrations import asking, events
from chalicelib.registrations.asking import Attendee
from chalicelib.registrations.events import Event
from chalicelib.registrations.models import REFUSED, Registration, Seats, refused_of
from chalicelib.registrations.resolving import Wanted, resolve, row_of

NOT_INVITED = Forbidden("Only who was invited can register for this event. Follow the link of your invitation.")
BUSY = Unavailable("Many register at this moment. Try again in a few seconds.")


class Submitted(Struct, frozen=True):
    """A submission as it came: who is to be registered, and by the link of which message."""

    event: str
    attendees: Sequence[Mapping[str, Any]]
    source_event: str
    invitation: str | None = None


class Read(Struct, frozen=True):
    """A submission that can be taken."""

    id: str
    event: Event
    attendees: Sequence[Attendee]
    came_by: Personal


def read(submitted: Submitted, now: datetime) -> Read:
    """Read a submission, of which nothing is stored yet.

    Raises NotFound, Gone where registration has ended (EVT-11), Forbidden where nobody invited who registers, Invalid
    with everything that is wrong.
    """
    event = events.find(submitted.event)
    if events.is_closed(event.document, now):
        raise Gone(event.document.closed_message)
    came_by = Personal.of(submitted.invitation)
    if not event.document.allow_anonymous_registrations and came_by.contact_id is None:
        raise NOT_INVITED
    if len(submitted.attendees) > 1 and not event.document.multi_attendee:
        alone = Problem("attendees", "This event takes one person at a time.")
        raise Invalid("Each attendee has to register for themselves.", [alone])
    attendees = _attendees(event, submitted.attendees)
    return Read(digest("registration", event.id, submitted.source_event), event, attendees, came_by)


def _attendees(event: Event, typed: Sequence[Mapping[str, Any]]) -> list[Attendee]:
    found, problems = [], list[Problem]()
    for at, each in enumerate(typed):
        attendee, wrong = asking.read(event.document, each)
        found.append(attendee)
        problems += _placed([*wrong, *_broken(attendee)], at)
    if problems:
        raise Invalid("Please look at what was filled in.", problems)
    return found


def _broken(attendee: Attendee) -> Sequence[Problem]:
    """Return what is wrong with an address or a number, before anybody is registered."""
    try:
        clean(attendee.person)
    except Invalid as error:
        return error.problems
    return ()


def _placed(problems: Sequence[Problem], at: int) -> list[Problem]:
    return [Problem(f"attendees.{at}.{each.field}", each.message) for each in problems]


def submit(found: Read, now: datetime) -> list[Registration]:
    """Register each attendee of a submission, once however often it comes (EVT-12).

    Who finds no seat left is refused, and nothing but that is stored (decision 39). Raises Unavailable; what was done
    by then is not done again by whoever sends it again under the same key.
    """
    taken = []
    for at, attendee in enumerate(found.attendees):
        registration_id = digest(found.id, str(at))
        wanted = Wanted(found.event, registration_id, found.id, attendee, number=at + 1, came_by=found.came_by)
        taken.append(take(wanted, now))
    return taken


def take(wanted: Wanted, now: datetime) -> Registration:
    """Make a registration with all that it causes in one transaction, once.

    Whom a user registers needs no free seat, and may come after the end of registration (EVT-9). Raises Unprocessable,
    Invalid.
    """
    for _ in tries(8):
        row = row_of(wanted, now)
        try:
            commit(resolve(wanted, row, now).writes)
        except ConditionFailed as failed:
            if taken := _earlier(failed) or _refused(failed, wanted, now):
                return taken
        except (Stale, Unavailable):
            continue  # somebody else writes the same records, or takes a seat of the same event, at this moment
        else:
            return row
    raise BUSY


def _earlier(failed: ConditionFailed) -> Registration | None:
    return next((found for _, found in failed.of(Registration) if found is not None), None)


def _refused(failed: ConditionFailed, wanted: Wanted, now: datetime) -> Registration | None:
    """Keep that somebody found no seat, if it was that: it is nobody's, and whoever sends it again hears the same."""
    if not failed.of(Seats):
        return None
    row = row_of(wanted, now)
    row.state, row.event_shard = REFUSED, f"{refused_of(wanted.event.id)}#{shard(wanted.id)}"
    try:
        commit([put_new(row)])
    except ConditionFailed as again:
        return _earlier(again)
    return row
