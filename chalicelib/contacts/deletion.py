"""What follows from deleting a contact or an account: every domain sweeps away its rows of it (decisions 40, 64).

The row `DELETED` is written with the deletion and waits in the agenda until all is swept, and swept once more after
the oldest fact that a stream may still hold. Whoever dies on the way, or is not told, is made up for by the agenda.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from chalicelib import sweeping
from chalicelib.agenda import due_shard
from chalicelib.contacts import suggestions
from chalicelib.contacts.fields import EMAILS
from chalicelib.contacts.models import Account, Contact, ContactsItem, Deleted, DeletedAccount
from chalicelib.contacts.normalise import key_of
from chalicelib.dynamodb import Write, put
from chalicelib.sweeping import emptied
from chalicelib.tokens import keyed_hash

WORK = "sweep"

Sweep = Callable[[str, datetime], bool]
"""contact or account, now → whether nothing of it is left; bounded, safe to repeat."""

sweeps: list[Sweep] = []
account_sweeps: list[Sweep] = []
"""Each domain's own; chalicelib.wiring fills them."""

others: dict[str, Callable[[str, datetime], object]] = {}
"""Records of other domains that leave something behind, by the fact that tells of it; chalicelib.wiring fills it."""


def plan(contact: Contact, now: datetime) -> list[Write]:
    """Return the write that leaves the sweeping behind where a contact was."""
    left_account = (contact.merged or {}).get("account_id", contact.account_id)
    return [_sweeping(contact.contact_id, now, left_account=left_account, addresses=_addresses(contact) or None)]


def left_over(contact_id: str, now: datetime) -> Write:
    """Return the write that has swept away what is there of a contact that is not."""
    return _sweeping(contact_id, now)


def _sweeping(contact_id: str, now: datetime, **known: Any) -> Write:
    row = Deleted(*Deleted.at(contact_id), contact_id=contact_id, deleted_at=now, **known)
    row.due_shard, row.due = due_shard(WORK, contact_id), now
    return put(row)


def _addresses(contact: Contact) -> list[str]:
    """Return the names under which other domains keep what concerns an address."""
    keys = {key_of(name, getattr(contact, name)) for name in EMAILS}
    return sorted(keyed_hash("claim", key) for key in keys if key)


def sweep(contact_id: str, now: datetime) -> None:
    """Sweep what is left of a deleted contact, if it is time."""
    row = Deleted.find(*Deleted.at(contact_id))

    def swept(row: Deleted) -> bool:
        return all([_own(row), *(each(contact_id, now) for each in sweeps)])

    sweeping.sweep(row, lambda: Contact.find(*Contact.at(contact_id)), swept, now)


def plan_account(account_id: str, now: datetime) -> Write:
    """Return the write that leaves the sweeping behind where an account was."""
    row = DeletedAccount(*DeletedAccount.at(account_id), account_id=account_id, deleted_at=now)
    row.due_shard, row.due = due_shard(WORK, account_id), now
    return put(row)


def sweep_account(account_id: str, now: datetime) -> None:
    """Sweep what is left of a deleted account, if it is time."""
    row = DeletedAccount.find(*DeletedAccount.at(account_id))

    def swept(row: DeletedAccount) -> bool:
        suggestions.forget(suggestions.ACCOUNT, account_id)
        own = [emptied(ContactsItem, row.pk, each) for each in ("MERGE#", "DISMISSED#", "MEMBER#")]
        return all([*own, *(each(account_id, now) for each in account_sweeps)])

    sweeping.sweep(row, lambda: Account.find(*Account.at(account_id)), swept, now)


def _own(row: Deleted) -> bool:
    """Sweep the contacts table: suggestions, merges, and the times at the account that it last belonged to."""
    suggestions.forget(suggestions.CONTACT, row.contact_id)
    clean = [emptied(ContactsItem, row.pk, each) for each in ("DUPLICATE#", "DISMISSED#", "MERGE#")]
    if row.left_account is not None:
        clean.append(emptied(ContactsItem, f"ACCOUNT#{row.left_account}", f"MEMBER#{row.contact_id}#"))
    return all(clean)
