"""Children (15.4): who is one and until when, what their guardians said, and that nobody loses the protection early."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from chalicelib.clock import digest
from chalicelib.conditions.sources import Identity
from chalicelib.consent import ages, plans, switches
from chalicelib.consent.models import GuardianConsent, Ward
from chalicelib.consent.plans import Evidence
from chalicelib.consent.reading import of_each, of_person
from chalicelib.consent.rules import Level, Preferences, strictest
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, Write, commit, put_new, tries
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Unavailable

MOST_SHOWN = 100

NOT_SO = "Record what the guardian said, with when and in which words: POST …/guardian-consents."
NO_GUARDIAN = "Only a child that has a guardian has a guardian's consent. Say first who that is."


# What a user asks for ----------------------------------------------------------------------------------------------


class Asked(Struct, frozen=True):
    """What a user wants, with what follows from it for a child, and the checks of what was read for that."""

    wanted: Mapping[str, Any]
    checks: Sequence[Write] = ()


def asked(who: Identity, before: Preferences, wanted: Mapping[str, Any], now: datetime) -> Asked:
    """Return what a user wants, as it may be done. Raises Invalid, NotFound for a guardian."""
    wanted = {**_until(who, before, wanted, now), **_of_this_guardian(before, wanted), **wanted}
    problems = list(_problems(before, wanted, now))
    if problems:
        raise Invalid("Children are protected by law.", problems)
    guardian_id = wanted.get("guardian_id")
    return Asked(wanted, _of_age(who, guardian_id) if guardian_id is not None else ())


def _problems(before: Preferences, wanted: Mapping[str, Any], now: datetime) -> Iterator[Problem]:
    child, day = wanted.get("is_child", before.is_child), wanted.get("of_age_on")
    if child and wanted.get("consent_level") == Level.PROFILING:
        yield Problem("consent_level", "Nobody profiles a child: its consent level ends at 4.")
    if wanted.get("guardian_consent") and not before.guardian_consent:
        yield Problem("guardian_consent", NOT_SO)
    if day is not None and (not child or ages.begins(date.fromisoformat(day)) <= now):
        yield Problem("of_age_on", "Only a child comes of age, and on a day to come.")


def _until(who: Identity, before: Preferences, wanted: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Whoever is said to be a child is one until the law says otherwise, where it is known when it was born."""
    day = _day(who)
    marked = wanted.get("is_child") is True and before.of_age_on is None
    return {"of_age_on": day.isoformat()} if marked and day is not None and now < ages.begins(day) else {}


def _of_this_guardian(before: Preferences, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A guardian's consent ends with the guardian: another one has to give it anew."""
    another = wanted.get("guardian_id", before.guardian_id) != before.guardian_id
    return {"guardian_consent": False} if another and before.guardian_consent else {}


def _of_age(who: Identity, guardian_id: str) -> list[Write]:
    """Return the checks that a guardian still is somebody else, of age. Raises Invalid, NotFound."""
    guardian = contacts.find_who(guardian_id)
    if guardian.id == who.id:
        raise Invalid("The guardian must be another contact.", [Problem("guardian_id", "This is the contact itself.")])
    each = of_each(guardian.ids)
    if strictest(each).is_child:
        raise Invalid("The guardian must be of age.", [Problem("guardian_id", "This contact is a child itself.")])
    return [contacts.still_itself(guardian.id), *(plans.unchanged(one) for one in each)]


# What a guardian said ----------------------------------------------------------------------------------------------


def record(contact_id: str, said: Mapping[str, Any], by: str, consent_id: str, now: datetime) -> Preferences:
    """Keep the proof of what a child's guardian said, and what follows from it. Raises Conflict, Invalid, NotFound.

    The same id again changes nothing.
    """
    given_at = said["given_at"] or now
    if given_at > now:
        raise Invalid("This has not happened yet.", [Problem("given_at", "This lies in the future.")])
    for _ in tries():
        who = contacts.find_who(contact_id)
        each = of_each(who.ids)
        before = strictest(each)
        if before.guardian_id is None or not before.is_child:
            raise Conflict(NO_GUARDIAN)
        guardian = _still_guarded(who, before.guardian_id) if said["given"] else []
        evidence = Evidence(
            f"contact:{before.guardian_id}", "api", said["method"], said["wording"], reason=f"taken down by {by}"
        )
        changed = plans.every(each, {"guardian_consent": said["given"]}, evidence, consent_id, now)
        proof = {**said, "given_at": given_at, "guardian_id": before.guardian_id, "recorded_by": by}
        kept = [_proof(one.contact_id, proof, consent_id, now) for one in each if one.is_child]
        try:
            same = [plans.unchanged(one) for one in _same(each, said)]
            commit([contacts.still_itself(who.id)], guardian, kept, changed, same)
        except ConditionFailed as failed:
            if failed.of(GuardianConsent):
                return before
            continue
        return of_person(contacts.find_who(contact_id))
    raise Unavailable("The preferences are being changed by others. Try again in a few seconds.")


def _still_guarded(who: Identity, guardian_id: str) -> list[Write]:
    """Return the checks that the guardian may still speak for a child. Raises Conflict, Invalid."""
    try:
        return _of_age(who, guardian_id)
    except NotFound as error:
        raise Conflict(NO_GUARDIAN) from error


def _same(each: Sequence[Preferences], said: Mapping[str, Any]) -> list[Preferences]:
    """Return whose row nothing changes: it must still say who the guardian is."""
    return [one for one in each if not one.is_child or one.guardian_consent == said["given"]]


def _proof(contact_id: str, said: Mapping[str, Any], consent_id: str, now: datetime) -> Write:
    row = GuardianConsent(*GuardianConsent.at(contact_id, consent_id), contact_id=contact_id, recorded_at=now, **said)
    return put_new(row)


def proofs(contact_id: str) -> list[GuardianConsent]:
    """Return the last hundred things that a child's guardians said, newest first. Raises NotFound."""
    people = contacts.find_who(contact_id).ids
    found = [row for each in people for row in _of(each)]
    return sorted(found, key=lambda row: row.recorded_at, reverse=True)[:MOST_SHOWN]


def _of(contact_id: str) -> Iterator[GuardianConsent]:
    prefix = GuardianConsent.sk.startswith("GUARDIAN#")
    return GuardianConsent.query(f"CONTACT#{contact_id}", prefix, scan_index_forward=False, limit=MOST_SHOWN)


# What time brings --------------------------------------------------------------------------------------------------


def look(contact_id: str, now: datetime) -> None:
    """Protect a contact that is a child by its birth date, and let one go that has come of age; safe to repeat.

    A child guards nobody: whom it guards needs another guardian, and whose word it gave loses it.
    """
    for _ in tries():
        who = contacts.who_is(contact_id)
        if who.contact is None:
            return
        day = _day(who)
        writes = [write for each in of_each(who.ids) for write in _aged(each, day, now)]
        try:
            commit([contacts.still_itself(who.id)] if writes else [], writes)
        except ConditionFailed:
            continue
        if of_person(who).is_child:
            _release_wards(who, now)
        return
    raise Unavailable("The preferences are being changed by others.")


def _release_wards(who: Identity, now: datetime) -> None:
    """Take from everybody whom a child guards that guardian and its consent; raises ConditionFailed to come again."""
    for guardian_id in who.ids:
        prefix = Ward.sk.startswith("WARD#")
        for ward in Ward.query(f"CONTACT#{guardian_id}", prefix, consistent_read=True, page_size=MOST_SHOWN):
            before = of_each([ward.ward_id])[0]
            commit(_released(before, ward, now))


def _released(before: Preferences, ward: Ward, now: datetime) -> list[Write]:
    if before.guardian_id != ward.contact_id:  # it is gone, or has another guardian by now
        return [plans.unguarded(ward.contact_id, ward.ward_id)]
    evidence = Evidence("system", "guardian", "by law", reason="The guardian is a child itself.")
    change_id = digest("unguarded", before.contact_id, str(before.version))
    return plans.change(before, {"guardian_id": None, "guardian_consent": False}, evidence, change_id, now)


def _aged(before: Preferences, day: date | None, now: datetime) -> list[Write]:
    wanted = protected(before, day, now) or of_age(before, now)
    evidence = Evidence(
        "system", "birth date", "by law", reason=f"of age on {wanted.get('of_age_on', before.of_age_on)}"
    )
    return plans.change(before, wanted, evidence, digest("of-age", before.contact_id, str(before.version)), now)


def protected(before: Preferences, day: date | None, now: datetime) -> dict[str, Any]:
    """Return what makes a child of somebody who comes of age on a day to come. Pure.

    A birth date can be typed by anybody: it begins and prolongs the protection, and never ends or shortens it.
    """
    if day is None or now >= ages.begins(day):
        return {}
    if not before.is_child:
        return {"is_child": True, "of_age_on": day.isoformat()}
    longer = before.of_age_on is not None and before.of_age_on < day.isoformat()
    return {"of_age_on": day.isoformat()} if longer else {}


def of_age(before: Preferences, now: datetime) -> dict[str, Any]:
    """Return what changes for a child whose day has come. Pure.

    What the guardian allowed stays until the person says otherwise. Where the guardian allowed nothing, marketing stays
    forbidden: time alone allows nothing more (invariant 7).
    """
    if not before.is_child or before.of_age_on is None or now < ages.begins(date.fromisoformat(before.of_age_on)):
        return {}
    return {"is_child": False, **({} if before.guardian_consent else {"bulk_email": False})}


def _day(who: Identity) -> date | None:
    contact = who.contact
    return ages.of_age_on(contact.birth_date, contact.country, switches.ages()) if contact is not None else None
