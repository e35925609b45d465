"""Use cases: make opportunities out of leads or by hand, change them, win or lose them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.contacts import service as contacts
from chalicelib.contacts.models import Account, Contact
from chalicelib.dynamodb import ConditionFailed, Key, Write, check, commit, delete, put_changed, put_new, read, silent
from chalicelib.dynamodb import update as updated
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Stale, Unprocessable
from chalicelib.leads import matching, plans, reading
from chalicelib.leads.choices import State, StatusReason
from chalicelib.leads.models import Lead, LeadsItem
from chalicelib.leads.opportunity import Opportunity, OpportunityState, opportunity_key
from chalicelib.lists import Asked, Page, page, partitions

ROUNDS = 4  # of reading what a lead claims and writing that it lets go
MOST = 100  # opportunities of somebody that conditions are asked about, the newest ones
STALE = "The opportunity has changed since you read it. Read it again and repeat the change."
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


# Out of leads --------------------------------------------------------------------------------------------------------


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
    for _ in range(ROUNDS):
        lead = reading.as_read(lead_id, version)
        if not lead.open:
            raise Conflict(f"This lead is {lead.state} already.")
        made = Opportunity.new(opportunity_id, {**_of_lead(lead), **values, "lead_id": lead_id}, by, now)
        customer = [*_of_sales(lead.contact_id, now), *_there(None, lead.account_id)]
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
    """Hold to the contact's being there; one that was for marketing only is no longer (MTL-3)."""
    if contact_id is None:
        return []
    contact = contacts.find(contact_id)
    if not contact.marketing_only:
        return _there(contact_id, None)
    cleared = updated(
        contact.key,
        Contact.marketing_only.set(False),
        Contact.updated_at.set(now),
        Contact.version.set(contact.version + 1),
        condition=Contact.version == contact.version,
    )
    return [cleared]


def let_go(lead: Lead, by: str, now: datetime) -> list[Write]:
    """Lose the open opportunity of a lead that is opened again, for the lead may become another one.

    Raises Conflict where it is won: what was sold is no lead any more.
    """
    found = Opportunity.find(*Opportunity.at(lead.opportunity_id)) if lead.opportunity_id else None
    if found is None or found.state == OpportunityState.LOST:
        return []
    if found.state == OpportunityState.WON:
        won = "Its opportunity is won. Make another lead, or open the opportunity again first."
        raise Conflict(won, [Problem("opportunity_id", found.opportunity_id)])
    _close(found, OpportunityState.LOST, by, "the lead was opened again", now)
    return [silent(put_changed(found))]


# By hand -------------------------------------------------------------------------------------------------------------


def create(opportunity_id: str, values: Values, by: str, now: datetime) -> Opportunity:
    """Make an opportunity by hand. The same id again returns what it made the first time.

    Raises Unprocessable for a contact or an account that does not exist.
    """
    made = Opportunity.new(opportunity_id, {"owner_id": by, **_given(values)}, by, now)
    _check(made)
    try:
        commit([put_new(made)], _there(made.contact_id, made.account_id))
    except ConditionFailed:
        return find(opportunity_id)
    return made


def _given(values: Values) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _there(contact_id: str | None, account_id: str | None) -> list[Write]:
    """Hold the transaction to its customer's being there."""
    held = []
    if contact_id is not None:
        unknown = Unprocessable("There is no contact of this id.", [Problem("contact_id", "There is no such contact.")])
        held.append(check(contacts.key(contact_id), Contact.pk.exists(), refused=unknown))
    if account_id is not None:
        unknown = Unprocessable("There is no account of this id.", [Problem("account_id", "There is no such account.")])
        held.append(check(Key(Account, *Account.at(account_id)), Account.pk.exists(), refused=unknown))
    return held


def _check(opportunity: Opportunity) -> None:
    if opportunity.estimated_value is not None and not opportunity.currency:
        raise Invalid("An estimated value needs a currency.", [Problem("currency", "Write one such as DKK.")])


def find(opportunity_id: str) -> Opportunity:
    """Return an opportunity, read consistently. Raises NotFound."""
    found = Opportunity.find(*Opportunity.at(opportunity_id))
    if found is None:
        raise NotFound("There is no opportunity of this id.")
    return found


def _as_read(opportunity_id: str, version: int) -> Opportunity:
    found = find(opportunity_id)
    if found.version != version:
        raise Stale(STALE)
    return found


def amend(opportunity_id: str, values: Values, version: int, now: datetime) -> Opportunity:
    """Change an open opportunity; None empties a field. Raises NotFound, Stale, Conflict, Unprocessable."""
    found = _as_read(opportunity_id, version)
    if not found.open:
        raise Conflict(f"This opportunity is {found.state}. Open it again first.")
    for name, value in values.items():
        setattr(found, name, value)
    _check(found)
    found.updated_at = now
    moved = {name: values.get(name) for name in ("contact_id", "account_id")}
    commit([put_changed(found)], _there(**moved))
    return found


def end(opportunity_id: str, state: OpportunityState, *, by: str, why: str, version: int, now: datetime) -> Opportunity:
    """Win or lose an open opportunity. Raises NotFound, Stale, Conflict."""
    found = _as_read(opportunity_id, version)
    if not found.open:
        raise Conflict(f"This opportunity is {found.state} already.")
    _close(found, state, by, why, now)
    commit([put_changed(found)])
    return found


def _close(found: Opportunity, state: OpportunityState, by: str, why: str, now: datetime) -> None:
    found.state, found.why, found.closed_by = state.value, why or None, by
    found.closed_at, found.updated_at = now, now


def reopen(opportunity_id: str, *, version: int, now: datetime) -> Opportunity:
    """Open a won or lost opportunity again. Raises NotFound, Stale, Conflict."""
    found = _as_read(opportunity_id, version)
    if found.open:
        raise Conflict("This opportunity is open.")
    found.state, found.closed_at, found.closed_by, found.why = OpportunityState.OPEN.value, None, None, None
    found.updated_at = now
    commit([put_changed(found)])
    return found


def remove(opportunity_id: str, version: int) -> None:
    """Delete an opportunity. Raises NotFound, Stale."""
    found = _as_read(opportunity_id, version)
    commit([delete(found.key, Opportunity.version == version, refused=Stale(STALE))])


# Lists ---------------------------------------------------------------------------------------------------------------


def newest(asked: Asked) -> Page[Opportunity]:
    return page(LeadsItem.by_created, partitions("opportunity"), asked, newest_first=True, kind=Opportunity)


def of_owner(owner_id: str, asked: Asked) -> Page[Opportunity]:
    """Newest first."""
    return page(LeadsItem.by_owner, [owner_id], asked, newest_first=True, kind=Opportunity)


def of_contact(contact_id: str, asked: Asked) -> Page[Opportunity]:
    """Newest first."""
    return page(LeadsItem.by_contact, [contact_id], asked, newest_first=True, kind=Opportunity)


def of_account(account_id: str, asked: Asked) -> Page[Opportunity]:
    """Newest first."""
    return page(LeadsItem.by_account, [account_id], asked, newest_first=True, kind=Opportunity)


def known_of(index: Any, identity: str) -> list[Opportunity]:
    """Return the newest hundred opportunities under one key of an index, each as it is now, read consistently."""
    listed = [
        item.pk.removeprefix("OPPORTUNITY#")
        for item in index.query(identity, scan_index_forward=False)
        if item.pk.startswith("OPPORTUNITY#")
    ]
    return [each for each in read(opportunity_key(each) for each in listed[:MOST]) if each is not None]


def of_contact_now(contact_id: str) -> list[Opportunity]:
    """Return a contact's opportunities as conditions ask about them."""
    return [each for each in known_of(LeadsItem.by_contact, contact_id) if each.contact_id == contact_id]


def of_account_now(account_id: str) -> list[Opportunity]:
    """Return an account's opportunities as conditions ask about them."""
    return [each for each in known_of(LeadsItem.by_account, account_id) if each.account_id == account_id]


def orphan(contact_id: str, now: datetime) -> None:
    """Take a deleted contact from its opportunities, which stay (decision 40)."""
    for found in of_contact_now(contact_id):
        found.contact_id, found.updated_at = None, now
        commit([put_changed(found)])
