"""Use cases: join and leave lists, say who is on one and what somebody is on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.clock import as_text, digest
from chalicelib.conditions.catalogue import Field, FieldType
from chalicelib.conditions.sources import Identity
from chalicelib.consent.models import ConsentItem
from chalicelib.consent.plans import Evidence
from chalicelib.consent.subscriptions import plans, records
from chalicelib.consent.subscriptions.models import Subscription, subscription_key
from chalicelib.consent.subscriptions.plans import Said, Standing
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, Look, Notes, commit, read, tries
from chalicelib.errors import Invalid, Problem, Unavailable, Unprocessable
from chalicelib.lists import Asked, Page, page, partitions

UNKNOWN = "There is no contact of this id."

FIELDS: Mapping[str, Field] = {"list_id": Field(FieldType.ID), "since": Field(FieldType.INSTANT)}
"""What conditions may ask of the lists that somebody is on."""


def standings(who: Identity, list_ids: Iterable[str], look: Look = read) -> list[Standing]:
    """Return where somebody stands with each of several lists, read consistently in one request."""
    wanted, people = list(list_ids), list(who.ids)
    rows = look(subscription_key(each, list_id) for list_id in wanted for each in people)
    size = len(people)
    return [Standing(each, people, rows[at * size : (at + 1) * size]) for at, each in enumerate(wanted)]


def of_person(who: Identity) -> list[Standing]:
    """Return where somebody stands with every list that it, or whoever was merged into it, ever was on."""
    found = [row for each in who.ids for row in _of_contact(each)]
    known = {(row.contact_id, row.list_id): row for row in found}
    list_ids = sorted({row.list_id for row in found})
    return [Standing(each, who.ids, [known.get((one, each)) for one in who.ids]) for each in list_ids]


def _of_contact(contact_id: str) -> Iterable[Subscription]:
    pk, prefix = Subscription.at(contact_id, "")
    return Subscription.query(pk, Subscription.sk.startswith(prefix), consistent_read=True)


def foresee(ours: Sequence[str], theirs: Sequence[str]) -> dict[str, Any]:
    """Say which lists a person is on before a merge, and which it would be on after it."""
    before, after = Identity(tuple(ours)), Identity((*ours, *theirs))
    return {"before": _on(before), "after": _on(after)}


def _on(who: Identity) -> list[str]:
    return [each.list_id for each in of_person(who) if each.on]


def records_of(who: Identity) -> list[dict[str, Any]]:
    """Return the lists that somebody is on as conditions see them, each with since when."""
    standings = [each for each in of_person(who) if each.on]
    return [{"list_id": each.list_id, "since": as_text(each.since)} for each in standings]


def slice_of_members(list_id: str, number: int, place: Any, most: int) -> tuple[list[str], Any]:
    """Return contacts of one slice (0 to 15) of a list, for bulk work, and where to go on (None: no more)."""
    found = ConsentItem.by_list.query(f"{list_id}#{number}", limit=most, page_size=most, last_evaluated_key=place)
    return [item.pk.partition("#")[2] for item in found], found.last_evaluated_key


def members(list_id: str, asked: Asked) -> Page[Subscription]:
    """Return who is on a list, latest first, each person once. Raises NotFound."""
    records.find(list_id)
    found = page(ConsentItem.by_list, partitions(list_id), asked, newest_first=True, kind=Subscription)
    people = {each: who for who in contacts.who_are(row.contact_id for row in found.items) for each in who.ids}
    known = [row for row in found.items if row.contact_id in people]
    notes = Notes()
    notes.expect(subscription_key(each, list_id) for row in known for each in people[row.contact_id].ids)
    shown = [row for row in known if _stands_for(row, people[row.contact_id], notes.look)]
    return Page(shown, found.next_cursor)


def _stands_for(row: Subscription, who: Identity, look: Look) -> bool:
    """Return whether this row is the one by which the person is on the list: others of it may be in the index too."""
    [standing] = standings(who, [row.list_id], look)
    first = next((each for each in standing.rows if each is not None and each.holds), None)
    return standing.on and first is not None and first.contact_id == row.contact_id


def add_by_user(contact_ids: Sequence[str], list_id: str, evidence: Evidence, change_id: str, now: datetime) -> None:
    """Put several contacts on a list because a user says so (CON-16), one after the other; repeating it is harmless.

    Raises NotFound; Unprocessable, before anybody joins, where some of them do not exist; else as for one contact.
    """
    records.find(list_id)
    asked = list(dict.fromkeys(contact_ids))
    missing = set(asked) - {each for who in contacts.who_are(asked) for each in who.ids}
    if missing:
        unknown = [Problem(f"contact_ids.{at}", UNKNOWN) for at, each in enumerate(contact_ids) if each in missing]
        raise Unprocessable("Some of these contacts do not exist, so nobody was put on the list.", unknown)
    for each in asked:
        change_by_user(each, list_id, State.SUBSCRIBED, evidence, digest(change_id, each), now)


def change_by_user(
    contact_id: str, list_id: str, wanted: State, evidence: Evidence, change_id: str, now: datetime
) -> Standing:
    """Put a contact on a list, or take it off, because a user says so; where nothing changes, nothing is written.

    Raises NotFound, Conflict for a stopped list, Invalid for joining without the reason: how the person asked for it.
    """
    records.find(list_id)
    if wanted is State.SUBSCRIBED and not evidence.reason:
        reason = "Say how the person asked for it: only they can join."
        raise Invalid("Joining a list needs a reason.", [Problem("reason", reason)])
    said = Said(evidence, change_id)
    for _ in tries():
        who = contacts.find_who(contact_id)
        writes = plans.move(standings(who, [list_id])[0], wanted, said, now)
        try:
            commit([contacts.still_itself(who.id)] if writes else [], writes)
        except ConditionFailed:
            continue  # deleted, merged, or somebody else was quicker
        return standings(who, [list_id])[0]
    raise Unavailable("The lists of this contact are being changed by others. Try again in a few seconds.")
