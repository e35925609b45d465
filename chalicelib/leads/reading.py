"""Reads leads: one, as it is or as a client has read it; those of somebody; what happened to one."""

from collections.abc import Iterable, Sequence

from chalicelib.dynamodb import read
from chalicelib.errors import Conflict, NotFound, Problem, Stale
from chalicelib.leads.models import Lead, LeadsItem, Move, lead_key

STALE = "The lead has changed since you read it. Read it again and repeat the change."


def find(lead_id: str) -> Lead:
    """Return a lead, read consistently. Raises NotFound."""
    lead = Lead.find(*Lead.at(lead_id))
    if lead is None:
        raise NotFound("There is no lead of this id.")
    return lead


def as_read(lead_id: str, version: int) -> Lead:
    """Return a lead as a client has read it. Raises NotFound, Stale; Conflict for one that was merged into another."""
    lead = find(lead_id)
    if lead.version != version:
        raise Stale(STALE)
    require_itself(lead)
    return lead


def require_itself(lead: Lead) -> None:
    """Raise Conflict, naming the lead that counts, for one that was merged into it."""
    if lead.merged_into is not None:
        into = [Problem("merged_into", lead.merged_into)]
        raise Conflict("This lead was merged into another one. Change that one, or undo the merge first.", into)


def find_many(lead_ids: Iterable[str]) -> list[Lead]:
    """Return those of the leads that exist, read consistently."""
    return [lead for lead in read(lead_key(each) for each in lead_ids) if lead is not None]


def of_contact(contact_id: str, also: Iterable[str] = ()) -> list[Lead]:
    """Return a contact's leads, open and closed, each as it is now."""
    return of_person([contact_id], also)


def of_person(contact_ids: Sequence[str], also: Iterable[str] = (), *, merged: bool = False) -> list[Lead]:
    """Return the leads of somebody with these identities, open and closed, each as it is now.

    One that was merged into another is only told where it is asked for. The index may lag; `also` names leads that it
    may not show yet. Every row is read anew, consistently.
    """
    items = [item.pk for each in contact_ids for item in LeadsItem.by_contact.query(each)]
    listed = [pk.removeprefix("LEAD#") for pk in items if pk.startswith("LEAD#")]
    found = [lead for lead in find_many(dict.fromkeys([*listed, *also])) if lead.contact_id in contact_ids]
    return [lead for lead in found if merged or lead.merged_into is None]


def of_accounts(account_ids: Sequence[str], also: Iterable[str] = ()) -> list[Lead]:
    """Return the account-based leads of these accounts, which have no parent contact (LEAD-3), read as a contact's."""
    items = [item.pk for each in account_ids for item in LeadsItem.by_account.query(each)]
    listed = [pk.removeprefix("LEAD#") for pk in items if pk.startswith("LEAD#")]
    found = find_many(dict.fromkeys([*listed, *also]))
    own = [lead for lead in found if lead.account_id in account_ids and not lead.contact_id]
    return [lead for lead in own if lead.merged_into is None]


def history(lead_id: str) -> list[Move]:
    """Return what happened to a lead in its process, oldest first. Raises NotFound."""
    find(lead_id)
    return list(Move.query(f"LEAD#{lead_id}", Move.sk.startswith("HISTORY#"), consistent_read=True))
