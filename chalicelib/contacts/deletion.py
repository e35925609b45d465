"""What follows from deleting a contact: every domain sweeps away its rows of it (decision 40).

The row `DELETED` is written with the deletion and waits in the agenda until all is swept, and swept once more after
the oldest fact that a stream may still hold. Whoever dies on the way, or is not told, is made up for by the agenda.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.agenda import due_shard
from chalicelib.contacts import suggestions
from chalicelib.contacts.models import Contact, ContactsItem, Deleted
from chalicelib.dynamodb import ConditionFailed, Write, commit, delete, put
from chalicelib.sweeping import emptied

WORK = "sweep"
AGAIN = timedelta(hours=25)  # a stream's record is 24 hours old at most

Sweep = Callable[[str, datetime], bool]
"""contact, now → whether nothing of it is left; bounded, safe to repeat."""

sweeps: list[Sweep] = []
"""Each domain's own; chalicelib.wiring fills it."""


def plan(contact: Contact, now: datetime) -> list[Write]:
    """Return the write that leaves the sweeping behind where a contact was."""
    row = Deleted(
        *Deleted.at(contact.contact_id),
        contact_id=contact.contact_id,
        left_account=(contact.merged or {}).get("account_id", contact.account_id),
        deleted_at=now,
        due_shard=due_shard(WORK, contact.contact_id),
        due=now,
    )
    return [put(row)]


def sweep(contact_id: str, now: datetime) -> None:
    """Sweep what is left of a deleted contact, if it is time; what a run does not get done stays due."""
    row = Deleted.find(*Deleted.at(contact_id))
    if row is None or row.due is None or row.due > now:
        return
    if Contact.find(*Contact.at(contact_id)) is not None:  # made anew under the same id: nothing of it is left over
        commit([delete(row.key)])
        return
    clean = [_own(row), *(each(contact_id, now) for each in sweeps)]
    if all(clean):
        _done(row, now)


def _own(row: Deleted) -> bool:
    """Sweep the contacts table: suggestions, merges, and the times at the account that it last belonged to."""
    suggestions.forget(suggestions.CONTACT, row.contact_id)
    clean = [emptied(ContactsItem, row.pk, each) for each in ("DUPLICATE#", "DISMISSED#", "MERGE#")]
    if row.left_account is not None:
        clean.append(emptied(ContactsItem, f"ACCOUNT#{row.left_account}", f"MEMBER#{row.contact_id}#"))
    return all(clean)


def _done(row: Deleted, now: datetime) -> None:
    """Wait for what may still come late, or forget that there was anything to sweep."""
    unchanged = Deleted.due == row.due
    last = row.due is not None and row.due >= row.deleted_at + AGAIN
    row.due = max(row.deleted_at + AGAIN, now)
    try:
        commit([delete(row.key, unchanged) if last else put(row, unchanged)])
    except ConditionFailed:
        return  # another delivery was quicker
