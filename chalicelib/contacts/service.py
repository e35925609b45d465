"""Use cases: make, find, change and delete contacts; decide who somebody is."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.contacts import deletion, detecting, identity, matching, plans, reading
from chalicelib.contacts.claims import Strategy, backfilled, change
from chalicelib.contacts.claims import backfill as backfill_claims
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.detecting import Wish
from chalicelib.contacts.fields import clean
from chalicelib.contacts.handing import sourced
from chalicelib.contacts.models import Contact
from chalicelib.contacts.plans import BOOK
from chalicelib.dynamodb import ConditionFailed, Write, check, commit, delete, put_changed, tries
from chalicelib.errors import Conflict, Invalid, Problem, Stale

MOST_WRITES = 95  # of the transaction that deletes a contact, its time at an account apart
MOST_SUGGESTIONS = 30  # that end in the transaction which deletes their contact; two rows each
NAMELESS = Invalid("A contact needs a last name.", [Problem("last_name", "This field is required.")])
NO_WISH = Wish()
BUSY = Conflict("Others take these details at this moment. Try again in a few seconds.")

Prepared = matching.Prepared
prepare = matching.prepare
corrected = matching.corrected

key = reading.key
find = reading.find
find_many = reading.find_many
exists = reading.exists
still_there = reading.still_there
by_name = reading.by_name
by_created = reading.by_created
by_owner = reading.by_owner
by_account = reading.by_account
by_email = reading.by_email
holders = reading.holders
duplicates = reading.duplicates

who_is = identity.of
who_is_row = identity.of_row
who_are = identity.many
find_who = identity.find
still_itself = identity.still_itself
still_as_read = identity.still_as_read


def create(
    contact_id: str,
    values: Mapping[str, Any],
    now: datetime,
    *,
    by: str,
    context: MarketingContext | None = None,
    wish: Wish = NO_WISH,
) -> Contact:
    """Make a contact by hand. The same id again returns what it made the first time.

    Raises Conflict naming who it may be as well, unless the wish says that they are others; Invalid for broken values.
    """
    contact = plans.new(contact_id, clean(values), context or MarketingContext(), now)
    contact.created_by = by
    if not contact.last_name:
        raise NAMELESS
    custom_fields.require(RecordType.CONTACT, contact)
    try:
        return _created(contact, wish, now)
    except Conflict:
        if earlier := Contact.find(*Contact.at(contact_id)):
            return earlier  # whoever may be the same came after it
        raise


def _created(contact: Contact, wish: Wish, now: datetime) -> Contact:
    for _ in tries():
        writes, met = plans.made(contact, now)
        detecting.refuse(contact, {}, met, wish)
        try:
            commit(writes)
        except ConditionFailed as failed:
            if earlier := next((found for _, found in failed.of(Contact) if found is not None), None):
                return earlier
            continue  # others took or left what it claims
        return contact
    raise BUSY


def amend(contact_id: str, values: Mapping[str, Any], version: int, now: datetime, wish: Wish = NO_WISH) -> Contact:
    """Change a contact; None clears a field, but not the last name of one that has it (CON-18).

    Raises Stale, NotFound, Invalid; Conflict naming who it may be as well from now on, unless the wish says that they
    are others, or the contact that this was merged into.
    """
    cleaned = clean(values)
    for _ in tries():
        contact = find(contact_id)
        if contact.version != version:
            raise Stale("The contact has changed since you read it. Read it again and repeat the change.")
        identity.require_itself(contact)
        before = dict(contact.attribute_values)
        writes, met = plans.amended(contact, cleaned, now)
        if before.get("last_name") and not contact.last_name:
            raise NAMELESS
        detecting.refuse(contact, before, met, wish)
        try:
            commit(writes)
        except ConditionFailed:
            continue  # others took or left what it claims; what they left behind is read anew
        return contact
    raise BUSY


def remove(contact_id: str, version: int, now: datetime) -> None:
    """Delete a contact, free its claims, end its suggestions, and have all that was its own swept away (decision 40).

    Who was merged into it is the same person and goes with it. Raises Stale, NotFound, Conflict.
    """
    contact = find(contact_id)
    identity.require_itself(contact)
    as_read, stale = Contact.version == version, Stale("The contact has changed since you read it.")
    held = {str(number): place for number, place in enumerate(sorted(contact.places))}
    released = change(BOOK, contact_id, held, {}, now).writes
    gone = [contact, *find_many(contact.identities or ())]
    swept = [write for each in gone for write in deletion.plan(each, now)]
    # Read after the owners: whoever joins the heirs from here on, and is suggested, refuses the release.
    found = [suggestion for each in gone for suggestion in duplicates(each.contact_id)]
    room = min(MOST_SUGGESTIONS, (MOST_WRITES - len(released) - 3 * len(gone)) // 2)
    if room < 0:
        raise Conflict("This person is known by too many details to be deleted in one step. Undo some merges first.")
    for start in range(room, len(found), MOST_SUGGESTIONS):
        early = found[start : start + MOST_SUGGESTIONS]
        commit([check(contact.key, as_read, refused=stale)], plans.unsuggest(early))
    contact.account_id, left = None, contact.account_id
    moved = plans.moved(contact, left, now) if left else []
    unsuggested = plans.unsuggest(found[:room])
    others = [delete(each.key, Contact.merged_into == contact_id) for each in gone[1:]]
    try:
        commit([delete(contact.key, as_read, refused=stale), *others], swept, released, moved, unsuggested)
    except ConditionFailed as failed:
        raise Conflict("Others take or leave this contact's details at this moment. Delete it again.") from failed


def backfill(strategy: Strategy, contact_ids: Iterable[str], now: datetime) -> None:
    """Let existing contacts claim under a strategy that is being built; the latest updated owns a shared key."""
    backfill_claims(contact_ids, lambda each: _backfilled(strategy, each, now))


def _backfilled(strategy: Strategy, contact_id: str, now: datetime) -> list[Write]:
    contact = Contact.find(*Contact.at(contact_id))
    place = strategy.place(contact.matched_by) if contact is not None else None
    if contact is None or contact.merged_into is not None:
        return []
    wanted = {place} if place is not None and (contact.claims or {}).get(strategy.id) != place else set()
    inherited = _of_identities(strategy, contact)
    claimed: list[Write] = []
    for each in sorted((wanted | inherited.keys()) - contact.places):
        writes, met = backfilled(BOOK, each, contact_id, contact.updated_at, now)
        claimed += [*writes, *(plans.suggest(met.heir_id, met.owner_id, strategy.id, now) if met else [])]
    if not (wanted or inherited.keys() - contact.places):
        return []
    if place is not None:
        contact.claims = {**(contact.claims or {}), strategy.id: place}
    contact.inherited = {**inherited, **(contact.inherited or {})} or None
    return [put_changed(contact), *claimed]


def _of_identities(strategy: Strategy, contact: Contact) -> dict[str, list[str]]:
    """Return the places that a contact claims for who was merged into it, each with the merge that it is for."""
    merges = contact.identities or {}
    found = find_many(merges) if merges else []
    placed = [(strategy.place(each.matched_by), merges[each.contact_id]) for each in found]
    return sourced((place, merge_id) for place, merge_id in placed if place is not None)
