"""Use cases: read what a contact allows, change it, show every change."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.conditions.catalogue import Field, FieldType
from chalicelib.consent import children, plans, reading
from chalicelib.consent.models import ConsentItem
from chalicelib.consent.plans import Evidence
from chalicelib.consent.rules import Preferences, changed, raises, strictest, trackable
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, Write, commit, tries
from chalicelib.errors import Invalid, Problem, Stale, Unavailable
from chalicelib.sweeping import emptied

FIELDS: Mapping[str, Field] = {
    **{
        name: Field(FieldType.BOOLEAN)
        for name in ("bulk_email", "email", "tracking", "prefill", "follow_email", "is_child", "guardian_consent")
    },
    "consent_level": Field(FieldType.INTEGER),
}
"""What conditions may ask (PRV-8)."""


preferences = reading.preferences
of_each = reading.of_each
of_person = reading.of_person
of_row = reading.of_row


def may_track(contact_id: str | None) -> bool:
    """Return whether what somebody opens, clicks and visits may be recorded (PRV-12); nobody known refuses nothing."""
    return contact_id is None or trackable(of_person(contacts.who_is(contact_id)))


def only_kept(contact_ids: Iterable[str]) -> set[str]:
    """Return those whose data is to be kept and nothing else, as any of their identities (GDPR 18)."""
    people = contacts.who_are(sorted(set(contact_ids)))
    restricted = {one.contact_id for one in of_each(one for who in people for one in who.ids) if one.restricted}
    return {one for who in people if restricted & {*who.ids} for one in who.ids}


def proof(each: Sequence[Preferences]) -> dict[str, Any]:
    """Return what a send keeps of the consent that it relied on: what stood, and by which records of whose log.

    A contact that never said anything stands there without a record: the defaults allowed it.
    """
    allowed = strictest(each)
    return {
        "version": allowed.version,
        "level": allowed.consent_level,
        "stood": changed(Preferences(""), allowed.fields()),
        "records": {one.contact_id: one.record for one in each},
    }


def together(groups: Sequence[Sequence[str]], now: datetime) -> list[Write]:
    """Return what a merge, or its undoing, writes of the consent of those whom it concerns.

    `groups` are the contacts that are one person from now on.
    """
    known = {each.contact_id: each for each in of_each(one for group in groups for one in group)}
    return plans.passed(([known[one] for one in group] for group in groups), now)


def foresee(ours: Sequence[str], theirs: Sequence[str]) -> dict[str, Any]:
    """Say what a person would allow after a merge, and what it allows before."""
    before, after = strictest(of_each(ours)), strictest(of_each([*ours, *theirs]))
    return {"before": before.fields(), "after": after.fields()}


def change_by_user(
    contact_id: str, wanted: Mapping[str, Any], version: int, evidence: Evidence, change_id: str, now: datetime
) -> Preferences:
    """Change preferences for a contact. Raises Invalid without a reason where more is allowed than before, Stale."""
    who = contacts.find_who(contact_id)
    each = of_each(who.ids)
    before = strictest(each)
    if before.version != version:
        raise Stale("The preferences have changed since you read them. Read them again and repeat the change.")
    asked = children.asked(who, before, wanted, now)
    wanted = asked.wanted
    if raises(before, wanted) and not evidence.reason:
        reason = "Say how the person asked for it: only they can allow more than before."
        raise Invalid("This allows more than the person allowed.", [Problem("reason", reason)])
    try:
        commit([contacts.still_itself(who.id)], asked.checks, plans.every(each, wanted, evidence, change_id, now))
    except ConditionFailed as failed:
        contacts.find(contact_id)  # it was deleted
        raise Stale("The preferences were changed at the same moment. Read them again.") from failed
    return of_person(contacts.find_who(contact_id))


def note_external(contact_id: str, level: int | None, evidence: Evidence, change_id: str, now: datetime) -> Preferences:
    """Note what an external consent system says of a contact (PRV-9); what it said last counts. Raises NotFound."""
    for _ in tries():
        who = contacts.find_who(contact_id)
        writes = plans.every(of_each(who.ids), {"external_level": level}, evidence, change_id, now)
        try:
            commit([contacts.still_itself(who.id)] if writes else [], writes)
        except ConditionFailed:
            continue  # merged, deleted, or somebody else was quicker
        return of_person(contacts.find_who(contact_id))
    raise Unavailable("The preferences are being changed by others. Try again in a few seconds.")


def sweep(contact_id: str) -> bool:
    """Delete what a deleted contact allowed, and how that changed; return whether nothing is left (decision 40)."""
    before = preferences(contact_id)
    if before.guardian_id is not None:
        commit([plans.unguarded(before.guardian_id, contact_id)])
    return emptied(ConsentItem, f"CONTACT#{contact_id}")


def lowered(contact_id: str) -> set[str]:
    """Return what a person once allowed and withdrew, as any of its identities, read consistently."""
    return {name for each in of_each(contacts.who_is(contact_id).ids) for name in each.withdrawn}
