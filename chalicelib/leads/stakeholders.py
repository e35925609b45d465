"""Use cases: who else has a stake in a lead besides its parent contact (LEAD-12)."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.clock import digest
from chalicelib.contacts import service as contacts
from chalicelib.contacts.models import Contact
from chalicelib.dynamodb import ConditionFailed, Write, check, commit, delete, put_new, read
from chalicelib.errors import Conflict, NotFound, Problem, Unprocessable
from chalicelib.leads import reading
from chalicelib.leads.models import Lead, LeadsItem, Move, Stakeholder, lead_key
from chalicelib.lists import Asked, Page, page

MOST = 100
"""Of one lead."""

UNKNOWN = Unprocessable("There is no contact of this id.", [Problem("contact_id", "This contact does not exist.")])


def add(lead_id: str, contact_id: str, role: str, *, by: str, now: datetime) -> Stakeholder:
    """Note that a contact has a stake in a lead; one that has it already keeps its role.

    Raises NotFound, Unprocessable (no such contact), Conflict (it is the parent, or there are a hundred).
    """
    lead = reading.find(lead_id)
    if lead.contact_id in contacts.who_is(contact_id).ids:
        raise Conflict("This contact is the lead's parent; it has the first stake in it.")
    if len(of_lead(lead_id)) >= MOST:
        raise Conflict(f"A lead has at most {MOST} stakeholders.")
    place = Stakeholder.at(lead_id, contact_id)
    added = Stakeholder(*place, lead_id=lead_id, contact_id=contact_id, role=role or None, created_at=now, added_by=by)
    gone = NotFound("There is no lead of this id.")
    try:
        commit(
            [put_new(added), check(lead.key, Lead.pk.exists(), refused=gone)],
            [check(contacts.key(contact_id), Contact.pk.exists(), refused=UNKNOWN)],
            _told(lead_id, [None, contact_id], by, now),
        )
    except ConditionFailed as failed:
        return next(found for _, found in failed.of(Stakeholder) if found is not None)
    return added


def remove(lead_id: str, contact_id: str, *, by: str, now: datetime) -> None:
    """Take a contact from a lead's stakeholders. Raises NotFound where it is none."""
    none = NotFound("This contact is no stakeholder of the lead.")
    rows = [each for each in _rows(reading.find(lead_id)) if each.contact_id == contact_id]
    if not rows:
        raise none
    gone = [delete(each.key, Stakeholder.pk.exists(), refused=none) for each in rows]
    commit(gone, _told(lead_id, [contact_id, None], by, now))


def _told(lead_id: str, change: Sequence[str | None], by: str, now: datetime) -> list[Write]:
    """The lead's history tells who came and who went."""
    move_id = digest(lead_id, "stakeholder", *map(str, change), now.isoformat())
    place = Move.place(lead_id, now, move_id)
    changes = {"stakeholder": list(change)}
    return [put_new(Move(*place, lead_id=lead_id, at=now, by=by, why="stakeholders", changes=changes))]


def of_all(lead: Lead) -> list[Stakeholder]:
    """Return who has a stake in a lead besides its parent, or in one that was merged into it; each contact once."""
    parent = contacts.who_is(lead.contact_id).ids if lead.contact_id is not None else ()
    found: dict[str, Stakeholder] = {}
    for each in _rows(lead):
        if each.contact_id not in parent:
            found.setdefault(each.contact_id, each)
    return list(found.values())


def _rows(lead: Lead) -> list[Stakeholder]:
    return [each for one in (lead.lead_id, *sorted(lead.identities or ())) for each in of_lead(one)]


def of_lead(lead_id: str) -> list[Stakeholder]:
    """Return a lead's stakeholders besides its parent, at most a hundred."""
    rows = Stakeholder.sk.startswith("STAKEHOLDER#")
    return list(Stakeholder.query(f"LEAD#{lead_id}", rows, consistent_read=True, limit=MOST))


def leads_of(contact_id: str, asked: Asked) -> Page[Lead]:
    """Return the leads that a contact has a stake in without being the parent, the latest stake first.

    Also those of contacts that were merged into it; a lead in which several of them have a stake is there once a page.
    """
    whose = contacts.who_is(contact_id).ids
    found = page(LeadsItem.by_contact, whose, asked, newest_first=True, kind=Stakeholder)
    leads = read(lead_key(each) for each in dict.fromkeys(stake.lead_id for stake in found.items))
    return Page([lead for lead in leads if lead is not None], found.next_cursor)


def forget(contact_id: str) -> None:
    """Take a deleted contact from the stakeholders of every lead (decision 40)."""
    for item in LeadsItem.by_contact.query(contact_id):
        if isinstance(item, Stakeholder):
            commit([delete(item.key)])
