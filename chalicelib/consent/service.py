"""Use cases: read what a contact allows, change it, show every change."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.conditions.catalogue import Field, FieldType
from chalicelib.conditions.sources import Identity
from chalicelib.consent import plans
from chalicelib.consent.models import ChangeRow, ConsentItem, PreferencesRow, preferences_key
from chalicelib.consent.plans import Evidence
from chalicelib.consent.rules import HOLDING_BACK, Preferences, lowers, raises, strictest
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, Look, Write, commit, read
from chalicelib.errors import Invalid, Problem, Stale
from chalicelib.sweeping import emptied

FIELDS: Mapping[str, Field] = {
    **{
        name: Field(FieldType.BOOLEAN)
        for name in ("bulk_email", "email", "tracking", "prefill", "follow_email", "is_child", "guardian_consent")
    },
    "consent_level": Field(FieldType.INTEGER),
}
"""What conditions may ask (PRV-8)."""


def preferences(contact_id: str) -> Preferences:
    """Return what a contact allows by its own row, read consistently; the defaults where it never said anything."""
    return of_each([contact_id])[0]


def of_each(contact_ids: Iterable[str], look: Look = read) -> list[Preferences]:
    """Return what each of several contacts allows by its own row, read consistently in one request."""
    wanted = list(contact_ids)
    rows = look(preferences_key(each) for each in wanted)
    return [of_row(each, row) for each, row in zip(wanted, rows, strict=True)]


def of_person(who: Identity, look: Look = read) -> Preferences:
    """Return what somebody allows: where contacts were merged, the strictest of them counts (decision 46)."""
    return strictest(of_each(who.ids, look))


def together(contact_ids: Sequence[str], now: datetime) -> list[Write]:
    """Return what a merge, or its undoing, writes of the consent of those whom it concerns."""
    return plans.passed(of_each(contact_ids), now)


def foresee(ours: Sequence[str], theirs: Sequence[str]) -> dict[str, Any]:
    """Say what a person would allow after a merge, and what it allows before."""
    before, after = strictest(of_each(ours)), strictest(of_each([*ours, *theirs]))
    return {"before": before.fields(), "after": after.fields()}


def of_row(contact_id: str, row: PreferencesRow | None) -> Preferences:
    if row is None:
        return Preferences(contact_id)
    given = {name: getattr(row, name) for name in Preferences(contact_id).fields()}
    since = {name: bool(given[name]) for name in ("guardian_consent", *HOLDING_BACK)}  # older rows are without them
    return Preferences(contact_id, version=row.version, **{**given, **since})


def change_by_user(
    contact_id: str, wanted: Mapping[str, Any], version: int, evidence: Evidence, change_id: str, now: datetime
) -> Preferences:
    """Change preferences for a contact. Raises Invalid without a reason where more is allowed than before, Stale."""
    who = contacts.find_who(contact_id)
    each = of_each(who.ids)
    before = strictest(each)
    if before.version != version:
        raise Stale("The preferences have changed since you read them. Read them again and repeat the change.")
    wanted = _of_this_guardian(before, wanted)
    if raises(before, wanted) and not evidence.reason:
        reason = "Say how the person asked for it: only they can allow more than before."
        raise Invalid("This allows more than the person allowed.", [Problem("reason", reason)])
    _require_guardian(who.id, before, wanted)
    try:
        commit([contacts.still_itself(who.id)], plans.every(each, wanted, evidence, change_id, now))
    except ConditionFailed as failed:
        contacts.find(contact_id)  # it was deleted
        raise Stale("The preferences were changed at the same moment. Read them again.") from failed
    return of_person(contacts.find_who(contact_id))


def _of_this_guardian(before: Preferences, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """A guardian's consent ends with the guardian: another one has to give it anew."""
    another = wanted.get("guardian_id", before.guardian_id) != before.guardian_id
    return {"guardian_consent": False, **wanted} if another and before.guardian_consent else wanted


def _require_guardian(contact_id: str, before: Preferences, wanted: Mapping[str, Any]) -> None:
    guardian = wanted.get("guardian_id", before.guardian_id)
    if guardian is None:
        if wanted.get("guardian_consent", before.guardian_consent):
            raise Invalid("A guardian's consent needs a guardian.", [Problem("guardian_id", "This field is required.")])
        return
    if guardian == contact_id:
        raise Invalid("The guardian must be another contact.", [Problem("guardian_id", "This is the contact itself.")])
    contacts.find(guardian)


def sweep(contact_id: str) -> bool:
    """Delete what a deleted contact allowed, and how that changed; return whether nothing is left (decision 40)."""
    return emptied(ConsentItem, f"CONTACT#{contact_id}")


def changes(contact_id: str) -> list[ChangeRow]:
    """Return every change, oldest first, also of contacts that were merged into this one."""
    found = [each for one in contacts.who_is(contact_id).ids for each in _changes(one)]
    return sorted(found, key=lambda each: each.sk)


def _changes(contact_id: str, *, consistent: bool = False) -> Iterable[ChangeRow]:
    return ChangeRow.query(f"CONTACT#{contact_id}", ChangeRow.sk.startswith("CHANGE#"), consistent_read=consistent)


def lowered(contact_id: str) -> set[str]:
    """Return what a person once allowed and withdrew, as any of its identities, read consistently."""
    rows = [row for each in contacts.who_is(contact_id).ids for row in _changes(each, consistent=True)]
    return {name for row in rows for name in lowers(row.before, row.after)}
