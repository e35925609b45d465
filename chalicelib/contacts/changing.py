"""Use cases: bring a contact into a state, whatever it was in; what is so already is not written again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.contacts import identity, matching
from chalicelib.contacts.fields import clean
from chalicelib.contacts.matching import Prepared
from chalicelib.contacts.models import Contact
from chalicelib.contacts.reading import find
from chalicelib.dynamodb import ConditionFailed, commit, tries
from chalicelib.errors import Conflict, Stale

BUSY = Conflict("Others change this contact at this moment. Try again in a few seconds.")
STALE = Stale("The contact has changed since you read it. Read it again and repeat the change.")


def bring(contact_id: str, values: Mapping[str, Any], version: int | None, now: datetime) -> Prepared[Contact]:
    """Give a contact these values; without a version whatever it has by now. Says whether anything changed.

    Raises NotFound, Stale, Conflict for one that was merged into another.
    """
    wanted = clean(values)
    for _ in tries():
        contact = find(contact_id)
        if version is not None and contact.version != version:
            raise STALE
        identity.require_itself(contact)
        prepared = matching.matched(contact, wanted, now)
        try:
            commit(prepared.writes if prepared.changed else [])
        except ConditionFailed:
            continue  # changed at the same moment
        return prepared
    raise BUSY


def activate(contact_id: str, version: int | None, now: datetime) -> Prepared[Contact]:
    """Let messages go to a contact again. Raises as `bring` does."""
    return bring(contact_id, {"inactive": None}, version, now)


def deactivate(contact_id: str, version: int | None, now: datetime) -> Prepared[Contact]:
    """Send a contact no more messages (CON-19); it matches, may be a member and walks on (decisions 10, 20)."""
    return bring(contact_id, {"inactive": True}, version, now)


def own(contact_id: str, owner_id: str, version: int | None, now: datetime) -> Prepared[Contact]:
    """Make a contact somebody's. Raises as `bring` does."""
    return bring(contact_id, {"owner_id": owner_id}, version, now)
