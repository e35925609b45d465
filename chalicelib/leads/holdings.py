"""What the leads table holds of a person."""

from datetime import datetime
from typing import Any

from chalicelib.dynamodb import Key, commit, delete, put, put_changed
from chalicelib.errors import Conflict, NotFound, Stale
from chalicelib.holdings import Held, Holding, Nobody, Noun, Person, Reached
from chalicelib.leads import merging, reading, service
from chalicelib.leads.fields import TEXTS
from chalicelib.leads.models import (
    Awaited,
    DeletedLead,
    Dismissed,
    Heir,
    Lead,
    LeadMerge,
    LeadSettings,
    LeadsItem,
    Move,
    Owner,
    Stakeholder,
)
from chalicelib.leads.opportunity import Opportunity

BY = "system"
ROUNDS = 20  # a lead and all that were merged into it
ERASED = "erased"
"""What stands in the place of a name or an id of who is not known any more."""


def _whose(person: Person, lead: Lead) -> bool:
    """A lead of the person's contacts, or of nobody (any more) and known to be the person's or with its address."""
    if lead.contact_id is not None:
        return lead.contact_id in person.contacts
    if lead.lead_id in person.leads:
        return True
    return person.mentioned([getattr(lead, name) for name in TEXTS]) and not _sent_anew(person, lead)


def _sent_anew(person: Person, lead: Lead) -> bool:
    """A lead that a submission made is as old as that; any other one may be made of what was there before."""
    return lead.source_submission_id is not None and person.anew(lead.source_at)


def _erase(__: Person, row: Lead, now: datetime) -> bool:
    """Delete a lead; what it was merged with is itself again first, so that nobody else's goes along or keeps it."""
    try:
        for _ in range(ROUNDS):
            lead = Lead.find(*Lead.at(row.lead_id))
            if lead is None:
                return True
            if not _parted(lead, now):
                service.remove(lead.lead_id, lead.version, now)
    except NotFound:
        return True
    except (Stale, Conflict):
        return False
    return False


def _parted(lead: Lead, now: datetime) -> bool:
    """Undo one merge of a lead; False where it is by itself."""
    main = lead if lead.merged_into is None else reading.find(lead.merged_into)
    if not main.identities:
        return False
    merge_id = main.identities.get(lead.lead_id) or next(iter(sorted(main.identities.values())))
    merging.undo(main.lead_id, merge_id, BY, now)
    return True


def _sold(_: Person, row: Opportunity, now: datetime) -> bool:
    """A sale to a company stays the company's, without the person; one to the person alone goes."""
    if row.account_id is None:
        commit([delete(row.key)])
        return True
    row.contact_id, row.lead_id, row.name, row.updated_at = None, None, ERASED, now
    row.description = row.why = None
    try:
        commit([put_changed(row)])
    except Stale:
        return False
    return True


def _told(person: Person, row: Move) -> bool:
    return any(each in person.contacts for pair in row.changes.values() for each in pair if isinstance(each, str))


def _untold(person: Person, row: Move, _: datetime) -> bool:
    """The history of a lead that is another's by now does not say any more whose it was."""

    def unnamed(value: Any) -> Any:
        return ERASED if isinstance(value, str) and value in person.contacts else value

    row.changes = {name: [unnamed(each) for each in pair] for name, pair in row.changes.items()}
    commit([put(row, Move.pk.exists())])
    return True


def _merged(person: Person, row: LeadMerge) -> bool:
    if row.other_id in person.leads:
        return True
    return person.mentioned([row.taken, row.before]) and not person.anew(row.at)


def _end_merge(_: Person, row: LeadMerge, __: datetime) -> bool:
    if row.undone_at is None:
        return False  # it is undone with the lead that it is about
    commit([delete(Key(LeadMerge, row.pk, row.sk))])
    return True


HOLDING = Holding(
    LeadsItem,
    (
        Held(Lead, _whose, Noun.LEAD, erase=_erase),
        Held(Opportunity, lambda person, row: row.contact_id in person.contacts, erase=_sold),
        Held(Stakeholder, lambda person, row: row.contact_id in person.contacts),
        Held(Move, _told, erase=_untold, own=False),
        Held(LeadMerge, _merged, erase=_end_merge, own=False, shown=False),
        Reached(Dismissed, shown=False),
        Nobody(Owner, "A keyed hash, which the deletion of its lead frees."),
        Nobody(Heir, "A keyed hash, which the deletion of its lead frees."),
        Nobody(DeletedLead, "A lead's id, until every domain has swept twice."),
        Nobody(Awaited, "Versions of processes."),
        Nobody(LeadSettings, "What the organisation decided."),
    ),
    partitions={Noun.LEAD: "LEAD#"},
)
