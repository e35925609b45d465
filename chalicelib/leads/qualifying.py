"""Use cases: make an opportunity of a lead, and let go of it where the lead is opened again (LEAD-7)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.contacts import service as contacts
from chalicelib.contacts.models import Contact
from chalicelib.dynamodb import ConditionFailed, Write, check, commit, put_changed, put_new, silent, tries
from chalicelib.dynamodb import update as updated
from chalicelib.errors import Conflict, Problem, Unprocessable
from chalicelib.leads import matching, plans, reading
from chalicelib.leads.choices import State, StatusReason
from chalicelib.leads.models import Lead
from chalicelib.leads.opportunities import closed, customer_there
from chalicelib.leads.opportunity import Opportunity, OpportunityState

BUSY = Conflict("Others take or leave this lead's details at this moment. Try again in a few seconds.")
OF_NOBODY = Unprocessable(
    "An opportunity is a contact's or an account's.",
    [Problem("contact_id", "Set the lead's contact or account first.")],
)

Values = Mapping[str, Any]


class Qualified(Struct, frozen=True):
    """A lead that was closed, and the opportunity that came of it."""

    lead: Lead
    opportunity: Opportunity


def qualify(
    lead_id: str, opportunity_id: str, values: Values, *, by: str, why: str, version: int, now: datetime
) -> Qualified:
    """Close a lead as qualified and make an opportunity of it, in one transaction (LEAD-7).

    A contact that was made for marketing only is one of sales from then on (MTL-3). The same id again returns what it
    made. Raises NotFound, Stale, Conflict (closed already), Unprocessable (it has neither contact nor account).
    """
    earlier = Opportunity.find(*Opportunity.at(opportunity_id))
    if earlier is not None and earlier.lead_id == lead_id:
        return Qualified(reading.find(lead_id), earlier)
    for _ in tries():
        lead = reading.as_read(lead_id, version)
        if not lead.open:
            raise Conflict(f"This lead is {lead.state} already.")
        made = Opportunity.new(opportunity_id, {**_of_lead(lead), **values, "lead_id": lead_id}, by, now)
        customer = [*_of_sales(lead.contact_id, now), *customer_there(None, lead.account_id)]
        before = plans.remembered(lead)
        lead.state, lead.status_reason, lead.opportunity_id = State.QUALIFIED, StatusReason.QUALIFIED, opportunity_id
        claims = matching.claim(lead, now)
        try:
            commit(plans.changed(lead, before, by=by, why=why, now=now), claims.writes, [put_new(made)], customer)
        except ConditionFailed:
            continue  # others took or left what it claims; what they left behind is read anew
        return Qualified(lead, made)
    raise BUSY


def _of_lead(lead: Lead) -> dict[str, Any]:
    """What an opportunity has of its lead, unless the salesperson says otherwise."""
    if lead.contact_id is None and lead.account_id is None:
        raise OF_NOBODY
    name = lead.topic or lead.company_name or lead.last_name
    return {"name": name, "owner_id": lead.owner_id, "contact_id": lead.contact_id, "account_id": lead.account_id}


def _of_sales(contact_id: str | None, now: datetime) -> list[Write]:
    """Hold to the contact's being there; who was for marketing only is no longer, as all that it is (MTL-3)."""
    if contact_id is None:
        return []
    all_of_it = contacts.find_many(contacts.find_who(contact_id).ids)
    cleared = {each.contact_id: _cleared(each, now) for each in all_of_it if each.marketing_only}
    return [*cleared.values(), *([] if contact_id in cleared else customer_there(contact_id, None))]


def _cleared(contact: Contact, now: datetime) -> Write:
    return updated(
        contact.key,
        Contact.marketing_only.set(False),
        Contact.updated_at.set(now),
        Contact.version.set(contact.version + 1),
        condition=Contact.version == contact.version,
    )


def let_go(lead: Lead, by: str, now: datetime) -> list[Write]:
    """Lose the open opportunity of a lead that is opened again, for the lead may become another one.

    Raises Conflict where it is won: what was sold is no lead any more.
    """
    found = Opportunity.find(*Opportunity.at(lead.opportunity_id)) if lead.opportunity_id else None
    if found is None:
        return []
    if found.state == OpportunityState.LOST:
        return [check(found.key, Opportunity.version == found.version)]  # nobody opens it again meanwhile
    if found.state == OpportunityState.WON:
        won = "Its opportunity is won. Make another lead, or open the opportunity again first."
        raise Conflict(won, [Problem("opportunity_id", found.opportunity_id)])
    closed(found, OpportunityState.LOST, by, "the lead was opened again", now)
    return [silent(put_changed(found))]
