"""Use cases: take down what somebody demands, decide whom it is about, carry it out."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import asdict

from chalicelib.clock import as_text, digest
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.consent.rules import HOLDING_BACK, Level, Preferences
from chalicelib.contacts import service as contacts
from chalicelib.contacts import tombstones
from chalicelib.contacts.normalise import text
from chalicelib.dynamodb import ConditionFailed, commit, put_changed, put_new
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Stale, Unprocessable
from chalicelib.holdings import Noun
from chalicelib.leads import service as leads
from chalicelib.lists import Asked, Page, page, partitions
from chalicelib.messages import suppression
from chalicelib.privacy import erasing, exporting, people, walking
from chalicelib.privacy.kinds import TITLES, Progress, Type, deadline
from chalicelib.privacy.models import PrivacyItem, Request, Search

STALE = Stale("The request has changed since you read it. Read it again and repeat the change.")
LISTED = "privacy-request"
MOST_STONES = 90  # in the transaction that begins an erasure


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


# Carrying out --------------------------------------------------------------------------------------------------------


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
    CARRIED_OUT[Type(request.type)](request, values, now)
    return request


def _found(request: Request, _: Mapping[str, Any], now: datetime) -> None:
    told = [asdict(each) for each in people.find(request.identifier)]
    _complete(request, {"people": told}, now)


def _complete(request: Request, result: Mapping[str, Any], now: datetime) -> None:
    request.progress, request.completed_at, request.result = Progress.COMPLETED, now, dict(result)
    request.list_it()
    commit([put_changed(request, refused=STALE)])


def _correct(request: Request, values: Mapping[str, Any], now: datetime) -> None:
    """Put right what is known of the one contact; whoever dies before the request says so does it again."""
    contact_id = _single(request)
    contact = contacts.find(contact_id)
    contacts.amend(contact_id, values, contact.version, now)
    _complete(request, {"fields": sorted(values), "corrected_at": as_text(now)}, now)


def _single(request: Request) -> str:
    if len(request.contact_ids) != 1:
        raise Unprocessable("This can be done for one contact at a time.", [Problem("contact_ids", "Name one.")])
    return str(request.contact_ids[0])


def _sought(request: Request, now: datetime) -> Search:
    person = people.person(request.contact_ids, request.identifier)
    own = leads.of_person(sorted(person.contacts), merged=True)
    found = {
        *(f"{Noun.CONTACT}#{each}" for each in person.contacts),
        *(f"{Noun.LEAD}#{each.lead_id}" for each in own),
        *(f"{Noun.ADDRESS}#{suppression.address_hash(each)}" for each in person.addresses),
    }
    place = Search.at(request.request_id)
    return Search(*place, sealed=walking.sealed(person), found=found or None, began_at=now)


def _restrict(request: Request, _: Mapping[str, Any], now: datetime) -> None:
    """Let nothing be done with what is known of the person but keeping it: no mail, no journey, no score (art. 18)."""
    _complete(request, {"people": [], "changed": _wish(request, lambda _: {"restricted": True}, now)}, now)


def _object(request: Request, _: Mapping[str, Any], now: datetime) -> None:
    """End marketing and profiling at once, also for whoever holds the address later (art. 21, decision 31)."""
    person = people.person(request.contact_ids, request.identifier)
    note = f"privacy-request:{request.request_id}"
    for address in sorted(person.addresses):
        hashed = suppression.address_hash(address)
        wanted = suppression.Wanted(
            hashed, suppression.BULK, suppression.UNSUBSCRIBED, by=request.started_by, note=note
        )
        suppression.suppress(wanted, now)
    _complete(request, {"people": [], "changed": _wish(request, _objecting, now)}, now)


def _objecting(before: Preferences) -> dict[str, Any]:
    level = min(before.consent_level, Level.TRANSACTIONAL)
    return {"objected": True, "bulk_email": False, "tracking": False, "consent_level": int(level)}


def _release(request: Request, _: Mapping[str, Any], now: datetime) -> None:
    """Take a restriction and an objection back; what they took away besides the person has to allow anew."""
    wanted = dict.fromkeys(HOLDING_BACK, False)
    _complete(request, {"people": [], "changed": _wish(request, lambda _: wanted, now)}, now)


def _wish(request: Request, wanted: Callable[[Preferences], Mapping[str, Any]], now: datetime) -> list[str]:
    """Change what each of the contacts allows, as the person demanded; doing it again changes nothing."""
    evidence = Evidence(
        who=request.started_by,
        source=f"privacy-request:{request.request_id}",
        method="privacy request",
        reason=TITLES[Type(request.type)],
    )
    for contact_id in request.contact_ids:
        before = consent.of_person(contacts.find_who(contact_id))
        change_id = digest(request.request_id, contact_id)
        consent.change_by_user(contact_id, wanted(before), before.version, evidence, change_id, now)
    return list(request.contact_ids)


def _export(request: Request, _: Mapping[str, Any], now: datetime) -> None:
    search = _sought(request, now)
    request.progress = Progress.IN_PROGRESS
    commit([put_changed(request, refused=STALE), put_new(search)], exporting.plan(request.request_id, now))


def _erase(request: Request, _: Mapping[str, Any], now: datetime) -> None:
    """Begin an erasure: the tombstones first, so that nothing comes back meanwhile."""
    search = _sought(request, now)
    person = walking.sought(search)
    stones = tombstones.plan(person.addresses, person.phones, request.request_id, now)
    if len(stones) > MOST_STONES:
        raise Unprocessable("These are too many people for one request.", [Problem("contact_ids", "Name fewer.")])
    request.progress = Progress.IN_PROGRESS
    commit(
        [put_changed(request, refused=STALE), put_new(search)],
        stones,
        erasing.plan(request.request_id, search.run, erasing.AT_ONCE, now),
    )


CARRIED_OUT: Mapping[Type, Callable[[Request, Mapping[str, Any], datetime], None]] = {
    Type.FIND: _found,
    Type.EXPORT: _export,
    Type.CORRECT: _correct,
    Type.RESTRICT: _restrict,
    Type.OBJECT: _object,
    Type.RELEASE: _release,
    Type.ERASE: _erase,
}
