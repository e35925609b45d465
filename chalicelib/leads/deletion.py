"""What a deleted contact or account leaves among leads: they stay, without that parent (decisions 40, 64)."""

from datetime import datetime
from itertools import islice

from chalicelib.dynamodb import Item, Key, commit, put_changed, read
from chalicelib.leads import opportunities, plans, reading, stakeholders
from chalicelib.leads.models import Lead, LeadsItem
from chalicelib.leads.opportunity import Opportunity

MOST = 100


def orphan(contact_id: str, now: datetime) -> list[str]:
    """Take a deleted contact from its leads as their parent, which keep their own claims (decision 40)."""
    found = reading.of_person([contact_id], merged=True)
    for lead in found:
        before = plans.remembered(lead)
        lead.contact_id = None
        commit(plans.changed(lead, before, by="system", why="the contact was deleted", now=now))
    return [lead.lead_id for lead in found]


def sweep(contact_id: str, now: datetime) -> bool:
    """Leave no lead with a deleted contact as its parent; return whether nothing is left to do."""
    orphan(contact_id, now)
    opportunities.orphan(contact_id, now)
    stakeholders.forget(contact_id)
    return True


def sweep_account(account_id: str, now: datetime) -> bool:
    """Take a deleted account from its leads and opportunities, up to 100 of them; return whether none is left."""
    listed = [item.pk for item in islice(LeadsItem.by_account.query(account_id), MOST)]
    found = [row for row in read(_key(pk) for pk in listed) if row is not None and row.account_id == account_id]
    for row in found:
        _orphan(row, now)
    return len(listed) < MOST


def _key(pk: str) -> Key:
    kind: type[Item] = Lead if pk.startswith("LEAD#") else Opportunity
    return Key(kind, pk, pk.partition("#")[0])


def _orphan(row: Lead | Opportunity, now: datetime) -> None:
    if isinstance(row, Opportunity):
        row.account_id, row.updated_at = None, now
        commit([put_changed(row)])
        return
    before = plans.remembered(row)
    row.account_id = None
    commit(plans.changed(row, before, by="system", why="the account was deleted", now=now))
