"""What the consent table holds of a person."""

from datetime import datetime
from typing import Any

from chalicelib.clock import digest
from chalicelib.consent import plans, service
from chalicelib.consent.models import ChangeRow, ConsentItem, ConsentSettings, GuardianConsent, PreferencesRow, Ward
from chalicelib.consent.plans import Evidence
from chalicelib.consent.points import forgetting
from chalicelib.consent.points.models import (
    ComplianceProfile,
    PointChange,
    PointConsent,
    PointRefusals,
    ProfileSet,
)
from chalicelib.consent.recipients import Disclosed
from chalicelib.consent.subscriptions.models import Subscription, SubscriptionList
from chalicelib.dynamodb import ConditionFailed, commit, put
from chalicelib.holdings import Held, Holding, Nobody, Noun, Person, Reached, Stays

NOBODY = "erased"


def _ward(person: Person, row: PreferencesRow) -> bool:
    """A child whose guardian the person is; what the person itself allows goes with its contact, never before it."""
    return row.guardian_id in person.contacts and row.contact_id not in person.contacts


def _unguard(_: Person, row: PreferencesRow, now: datetime) -> bool:
    """A guardian's consent ends with the guardian: another one has to give it anew."""
    evidence = Evidence(who="system", source="privacy-request", method="erasure of the guardian")
    wanted = {"guardian_id": None, "guardian_consent": False}
    try:
        change_id = digest("unguarded", row.contact_id, str(row.version))
        commit(plans.change(service.of_row(row.contact_id, row), wanted, evidence, change_id, now))
    except ConditionFailed:
        return False
    return True


def _told(person: Person, row: ChangeRow) -> bool:
    """What somebody else's log says of the person: as its guardian, or as one whom it was taken for."""
    if row.contact_id in person.contacts:
        return False  # what it said for itself goes with its contact
    guardians = {(each or {}).get("guardian_id") for each in (row.before, row.after, row.state)}
    return forgetting.spoke(person, row) or bool({*guardians, *(row.people or ())} & person.contacts)


def _untell(person: Person, row: ChangeRow, __: datetime) -> bool:
    """The log of a child says that its guardian consented, and not any more who that was, in which words."""
    if forgetting.spoke(person, row):
        row.who, row.wording = forgetting.ERASED, None
    row.before, row.after, row.state = (_unnamed(person, each) for each in (row.before, row.after, row.state))
    row.people = [each for each in row.people or () if each not in person.contacts] or None
    commit([put(row, ChangeRow.pk.exists())])
    return True


def _unnamed(person: Person, said: dict[str, Any] | None) -> dict[str, Any] | None:
    if said is None or said.get("guardian_id") not in person.contacts:
        return said
    return {**said, "guardian_id": NOBODY}


HOLDING = Holding(
    ConsentItem,
    (
        Held(PreferencesRow, _ward, erase=_unguard, own=False),
        Held(GuardianConsent, lambda person, row: bool({row.contact_id, row.guardian_id} & person.contacts)),
        Held(ChangeRow, _told, erase=_untell, own=False),
        Held(Ward, lambda person, row: bool({row.contact_id, row.ward_id} & person.contacts), own=False),
        Reached(Subscription),
        Reached(Disclosed),
        Reached(PointConsent, erase=forgetting.refusals_stay, anew=forgetting.all_anew),
        Reached(PointChange, erase=forgetting.tell_anew, anew=forgetting.said_anew),
        Stays(PointRefusals, "A keyed hash: what an address or a number refused holds whoever has it."),
        Nobody(ComplianceProfile, "What people are offered to choose, not what they chose."),
        Nobody(ProfileSet, "Which of these there are."),
        Nobody(SubscriptionList, "A list, not who is on it."),
        Nobody(ConsentSettings, "What the organisation decided."),
    ),
    partitions={Noun.CONTACT: "CONTACT#", Noun.ADDRESS: "ADDRESS#"},
)
