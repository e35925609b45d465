"""What follows from deleting a lead: every domain sweeps away its rows of it, as after a contact (decision 201).

What people and systems did goes on naming the lead by its id: interactions, submissions, registrations, opportunities,
tasks. They are records of their own.
"""

from collections.abc import Callable
from datetime import datetime

from chalicelib import sweeping
from chalicelib.agenda import due_shard
from chalicelib.contacts import suggestions
from chalicelib.dynamodb import Write, put
from chalicelib.leads.models import DeletedLead, Lead, LeadsItem
from chalicelib.leads.suggesting import LEAD
from chalicelib.sweeping import emptied

DELETED = "lead.deleted"
WORK = "sweep-lead"
OWN = ("STAKEHOLDER#", "DISMISSED#", "MERGE#", "HISTORY#")

sweeps: list[Callable[[str], bool]] = []
"""Each domain's own: lead → whether nothing of it is left; bounded, safe to repeat. chalicelib.wiring fills them."""


def plan(lead_id: str, now: datetime) -> Write:
    """Return the write that leaves the sweeping behind where a lead was."""
    row = DeletedLead(*DeletedLead.at(lead_id), lead_id=lead_id, deleted_at=now)
    row.due_shard, row.due = due_shard(WORK, lead_id), now
    return put(row)


def sweep(lead_id: str, now: datetime) -> None:
    """Sweep what is left of a deleted lead, if it is time."""
    row = DeletedLead.find(*DeletedLead.at(lead_id))

    def swept(row: DeletedLead) -> bool:
        suggestions.forget(LEAD, lead_id)
        own = [emptied(LeadsItem, row.pk, each) for each in OWN]
        return all([*own, *(each(lead_id) for each in sweeps)])

    sweeping.sweep(row, lambda: Lead.find(*Lead.at(lead_id)), swept, now)
