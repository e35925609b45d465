"""What the consent table holds of a person."""

from datetime import datetime

from chalicelib.clock import digest
from chalicelib.consent import plans, service
from chalicelib.consent.models import ChangeRow, ConsentItem, PreferencesRow
from chalicelib.consent.plans import Evidence
from chalicelib.consent.subscriptions.models import Subscription, SubscriptionList
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.holdings import Held, Holding, Nobody, Noun, Person, Reached


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


HOLDING = Holding(
    ConsentItem,
    (
        Held(PreferencesRow, _ward, erase=_unguard, own=False),
        Reached(ChangeRow),
        Reached(Subscription),
        Nobody(SubscriptionList, "A list, not who is on it."),
    ),
    partitions={Noun.CONTACT: "CONTACT#"},
)
