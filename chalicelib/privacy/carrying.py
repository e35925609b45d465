"""What carrying out a request does, by what is demanded; exports and erasures go on as jobs."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import asdict, replace

from chalicelib.clock import as_text, digest
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.consent.rules import HOLDING_BACK, Level, Preferences
from chalicelib.contacts import service as contacts
from chalicelib.contacts import tombstones
from chalicelib.dynamodb import commit, put_changed, put_new
from chalicelib.errors import Problem, Stale, Unprocessable
from chalicelib.holdings import Noun, Person
from chalicelib.leads import reading as leads
from chalicelib.messages import suppression
from chalicelib.privacy import erasing, exporting, people, walking
from chalicelib.privacy.kinds import TITLES, Progress, Type
from chalicelib.privacy.models import Request, Search

STALE = Stale("The request has changed since you read it. Read it again and repeat the change.")
MOST_STONES = 90  # in the transaction that begins an erasure


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


def sought(request_id: str, person: Person, now: datetime) -> Search:
    """Return what a job needs to know to look for somebody, and what ids lead to already."""
    own = leads.of_person(sorted(person.contacts), merged=True)
    found = {
        *(f"{Noun.CONTACT}#{each}" for each in person.contacts),
        *(f"{Noun.LEAD}#{each}" for each in {*person.leads, *(each.lead_id for each in own)}),
        *(f"{Noun.ADDRESS}#{suppression.address_hash(each)}" for each in person.addresses | person.phones),
    }
    return Search(*Search.at(request_id), sealed=walking.sealed(person), found=found or None, began_at=now)


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
    person = people.person(request.contact_ids, request.identifier)
    search = sought(request.request_id, person, now)
    request.progress = Progress.IN_PROGRESS
    commit([put_changed(request, refused=STALE), put_new(search)], exporting.plan(request.request_id, now))


def _erase(request: Request, _: Mapping[str, Any], now: datetime) -> None:
    """Begin an erasure: the tombstones first, so that nothing comes back meanwhile."""
    person = replace(people.person(request.contact_ids, request.identifier), forgotten_at=now)
    search = sought(request.request_id, person, now)
    stones = tombstones.plan(person, request.request_id, now)
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
