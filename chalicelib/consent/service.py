"""Use cases: read what a contact allows, change it, show every change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.conditions.catalogue import Field, FieldType
from chalicelib.consent import plans
from chalicelib.consent.models import ChangeRow, ConsentItem, PreferencesRow
from chalicelib.consent.plans import Evidence
from chalicelib.consent.rules import Preferences, lowers, raises
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, commit
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
    """Return what a contact allows, read consistently; the defaults where it never said anything."""
    return of_row(contact_id, PreferencesRow.find(*PreferencesRow.at(contact_id)))


def of_row(contact_id: str, row: PreferencesRow | None) -> Preferences:
    if row is None:
        return Preferences(contact_id)
    given = {name: getattr(row, name) for name in Preferences(contact_id).fields()}
    return Preferences(contact_id, version=row.version, **{**given, "guardian_consent": bool(row.guardian_consent)})


def change_by_user(
    contact_id: str, wanted: Mapping[str, Any], version: int, evidence: Evidence, change_id: str, now: datetime
) -> Preferences:
    """Change preferences for a contact. Raises Invalid without a reason where more is allowed than before, Stale."""
    contacts.find(contact_id)
    before = preferences(contact_id)
    if before.version != version:
        raise Stale("The preferences have changed since you read them. Read them again and repeat the change.")
    wanted = _of_this_guardian(before, wanted)
    if raises(before, wanted) and not evidence.reason:
        reason = "Say how the person asked for it: only they can allow more than before."
        raise Invalid("This allows more than the person allowed.", [Problem("reason", reason)])
    _require_guardian(contact_id, before, wanted)
    try:
        commit([contacts.still_there(contact_id)], plans.change(before, wanted, evidence, change_id, now))
    except ConditionFailed as failed:
        contacts.find(contact_id)  # it was deleted
        raise Stale("The preferences were changed at the same moment. Read them again.") from failed
    return preferences(contact_id)


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
    """Return every change, oldest first."""
    return list(ChangeRow.query(f"CONTACT#{contact_id}", ChangeRow.sk.startswith("CHANGE#")))


def lowered(contact_id: str) -> set[str]:
    """Return what a contact once allowed and withdrew, read consistently."""
    rows = ChangeRow.query(f"CONTACT#{contact_id}", ChangeRow.sk.startswith("CHANGE#"), consistent_read=True)
    return {name for row in rows for name in lowers(row.before, row.after)}
