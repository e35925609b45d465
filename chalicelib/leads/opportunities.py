"""Use cases: make opportunities by hand (qualifying.py makes them of leads), change, win, lose, list them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.contacts.models import Account, Contact
from chalicelib.dynamodb import ConditionFailed, Key, Write, check, commit, delete, put_changed, put_new, read
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Stale, Unprocessable
from chalicelib.leads.models import Lead, LeadsItem
from chalicelib.leads.opportunity import Opportunity, OpportunityState, opportunity_key
from chalicelib.lists import Asked, Page, page, partitions

MOST = 100  # opportunities of somebody that conditions are asked about, the newest ones
STALE = "The opportunity has changed since you read it. Read it again and repeat the change."
Values = Mapping[str, Any]


# By hand -------------------------------------------------------------------------------------------------------------


def create(opportunity_id: str, values: Values, by: str, now: datetime) -> Opportunity:
    """Make an opportunity by hand. The same id again returns what it made the first time.

    Raises Unprocessable for a contact or an account that does not exist.
    """
    made = Opportunity.new(opportunity_id, {"owner_id": by, **_given(values)}, by, now)
    _check(made)
    try:
        commit([put_new(made)], customer_there(made.contact_id, made.account_id))
    except ConditionFailed:
        return find(opportunity_id)
    return made


def _given(values: Values) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def customer_there(contact_id: str | None, account_id: str | None) -> list[Write]:
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
    commit([put_changed(found)], customer_there(**moved))
    return found


def end(opportunity_id: str, state: OpportunityState, *, by: str, why: str, version: int, now: datetime) -> Opportunity:
    """Win or lose an open opportunity. Raises NotFound, Stale, Conflict."""
    found = _as_read(opportunity_id, version)
    if not found.open:
        raise Conflict(f"This opportunity is {found.state} already.")
    closed(found, state, by, why, now)
    commit([put_changed(found)])
    return found


def closed(found: Opportunity, state: OpportunityState, by: str, why: str, now: datetime) -> None:
    """Let an opportunity be won or lost, not yet written."""
    found.state, found.why, found.closed_by = state.value, why or None, by
    found.closed_at, found.updated_at = now, now


def reopen(opportunity_id: str, *, version: int, now: datetime) -> Opportunity:
    """Open a won or lost opportunity again. Raises NotFound, Stale, Conflict (open already, or its lead is again)."""
    found = _as_read(opportunity_id, version)
    if found.open:
        raise Conflict("This opportunity is open.")
    found.state, found.closed_at, found.closed_by, found.why = OpportunityState.OPEN.value, None, None, None
    found.updated_at = now
    commit([put_changed(found)], _still_of_its_lead(found))
    return found


def _still_of_its_lead(found: Opportunity) -> list[Write]:
    """Hold to the lead's having become this one: one that was opened again becomes another (decision 23)."""
    lead = Lead.find(*Lead.at(found.lead_id)) if found.lead_id is not None else None
    if lead is None:
        return []
    again = "Its lead was opened again. Qualify the lead, which makes another opportunity of it."
    refused = Conflict(again, [Problem("lead_id", lead.lead_id)])
    if lead.open or lead.opportunity_id != found.opportunity_id:
        raise refused
    return [check(lead.key, (Lead.state == lead.state) & (Lead.opportunity_id == lead.opportunity_id), refused=refused)]


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
    """Newest first; also those of contacts that were merged into it."""
    return page(LeadsItem.by_contact, contacts.who_is(contact_id).ids, asked, newest_first=True, kind=Opportunity)


def of_account(account_id: str, asked: Asked) -> Page[Opportunity]:
    """Newest first; also those of accounts that were merged into it."""
    return page(LeadsItem.by_account, accounts.ids_of(account_id), asked, newest_first=True, kind=Opportunity)


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
