"""What follows from deleting a lead: every domain sweeps away its rows of it, as after a contact (decision 201).

What people and systems did goes on naming the lead by its id: interactions, submissions, registrations, opportunities,
tasks. They are records of their own.
"""

from collections.abc import Callable
from datetime import datetime

from chalicelib.agenda import due_shard
from chalicelib.contacts import suggestions
from chalicelib.dynamodb import Write, commit, delete, put
from chalicelib.leads.models import DeletedLead, Lead, LeadsItem
from chalicelib.leads.suggesting import LEAD
from chalicelib.sweeping import emptied, is_due, swept

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
    """Sweep what is left of a deleted lead, if it is time; what a run does not get done stays due."""
    row = DeletedLead.find(*DeletedLead.at(lead_id))
    if row is None or not is_due(row, now):
        return
    if Lead.find(*Lead.at(lead_id)) is not None:  # made anew under the same id: nothing of it is left over
        commit([delete(row.key)])
        return
    suggestions.forget(LEAD, lead_id)
    own = [emptied(LeadsItem, row.pk, each) for each in OWN]
    if all([*own, *(each(lead_id) for each in sweeps)]):
        swept(row, now)
