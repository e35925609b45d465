"""Use cases: take down what somebody demands, decide whom it is about, have it carried out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.contacts import service as contacts
from chalicelib.contacts.normalise import text
from chalicelib.dynamodb import ConditionFailed, commit, put_changed, put_new
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Unprocessable
from chalicelib.lists import Asked, Page, page, partitions
from chalicelib.privacy import carrying, people, recipients
from chalicelib.privacy.kinds import Progress, Type, deadline
from chalicelib.privacy.models import PrivacyItem, Request

STALE = carrying.STALE
LISTED = "privacy-request"


def create(
    request_id: str, type_: Type, values: Mapping[str, Any], contact_ids: list[str] | None, by: str, now: datetime
) -> Request:
    """Take down what somebody demands, and whom it seems to be about. The same id again returns the first one.

    Raises Invalid for an identifier that is none, Unprocessable for contacts that do not exist.
    """
    given = {name: value for name, value in values.items() if value is not None}
    received = min(given.pop("received_at", now), now)
    request = Request(*Request.at(request_id), request_id=request_id, type=type_, received_at=received)
    request.identifier = text(given.pop("identifier"))
    request.owner_id, request.deadline = given.pop("owner_id", by), given.pop("deadline", None) or deadline(received)
    request.name, request.note = given.pop("name", None), given.pop("note", None)
    request.contact_ids = _checked(contact_ids) if contact_ids is not None else _only(request.identifier)
    request.created_at, request.created_by, request.updated_at = now, by, now
    request.list_it()
    try:
        commit([put_new(request)])
    except ConditionFailed:
        return find(request_id)
    return request


def _only(identifier: str) -> list[str] | None:
    """Return whom an identifier means, None where it is for a person to say which of several."""
    found = people.find(identifier)
    return [each.contact_id for each in found] if len(found) <= 1 else None


def _checked(contact_ids: list[str]) -> list[str]:
    known = {who.id: who for who in contacts.who_are(contact_ids)}
    there = {one for who in known.values() for one in who.ids}
    missing = [number for number, each in enumerate(contact_ids) if each not in there]
    if missing:
        wrong = [Problem(f"contact_ids.{number}", "There is no contact of this id.") for number in missing]
        raise Unprocessable("Some of these contacts do not exist.", wrong)
    return sorted(known)


def find(request_id: str) -> Request:
    """Return a request, read consistently. Raises NotFound."""
    request = Request.find(*Request.at(request_id))
    if request is None:
        raise NotFound("There is no privacy request of this id.")
    return request


def told(request: Request) -> list[dict[str, Any]]:
    """Return to whom the person's data went: as it was when the request was carried out, until then as it is."""
    if request.recipients is not None:
        return list(request.recipients)
    return recipients.of(request.contact_ids or ()) if request.progress == Progress.OPEN else []


def by_created(asked: Asked) -> Page[Request]:
    """Newest first."""
    return page(PrivacyItem.by_created, partitions(LISTED), asked, newest_first=True, kind=Request)


def by_deadline(asked: Asked) -> Page[Request]:
    """Those that are not completed, the most urgent first."""
    return page(PrivacyItem.by_deadline, partitions("open"), asked, kind=Request)


def amend(
    request_id: str, values: Mapping[str, Any], contact_ids: list[str] | None, version: int, now: datetime
) -> Request:
    """Change owner, deadline, name, note, or whom it is about. Raises NotFound, Stale, Conflict, Unprocessable."""
    request = _open(request_id, version)
    for name, value in values.items():
        setattr(request, name, value)
    if contact_ids is not None:
        request.contact_ids = _checked(contact_ids)
    request.updated_at = now
    commit([put_changed(request, refused=STALE)])
    return request


def _open(request_id: str, version: int) -> Request:
    request = find(request_id)
    if request.version != version:
        raise STALE
    if request.progress != Progress.OPEN:
        raise Conflict("This request is being carried out already, or was.")
    return request


def carry_out(request_id: str, values: Mapping[str, Any], version: int, by: str, now: datetime) -> Request:
    """Do what a request demands; `values` are those that are put right.

    Raises NotFound, Stale, Conflict, Invalid; Unprocessable where nobody said which of several people it is about.
    """
    request = _open(request_id, version)
    if request.contact_ids is None:
        which = Problem("contact_ids", "Name the contacts that are this person.")
        raise Unprocessable("Several people are known by this identifier.", [which])
    if (request.type == Type.CORRECT) != bool(values):
        raise Invalid(
            "Values are put right by a request to correct, and only there.", [Problem("values", "Look here.")]
        )
    request.started_by, request.started_at, request.updated_at = by, now, now
    request.recipients = recipients.of(request.contact_ids) if request.type in recipients.TOLD else None
    carrying.CARRIED_OUT[Type(request.type)](request, values, now)
    return request
