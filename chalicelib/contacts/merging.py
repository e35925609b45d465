"""Use cases: merge one contact into another, see before what it would change, undo it (decision 46)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.contacts import identity, joining, parting
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.joining import THIS, Choices, Wish
from chalicelib.contacts.models import Contact, Merge
from chalicelib.contacts.reading import find, key
from chalicelib.dynamodb import ConditionFailed, Key, Write, commit, read, tries
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Stale, Unprocessable

MOST_WRITES = 100  # of one transaction
SHOWN = 50  # merges of a contact, newest first
BUSY = Conflict("Others change these contacts at this moment. Try again in a few seconds.")

Besides = Callable[[Sequence[Sequence[str]], datetime], list[Write]]
"""contact ids, together those that are one from now on; now → what another domain writes with it."""

Foresight = Callable[[Sequence[str], Sequence[str]], Any]
"""ids of who stays, ids of who is merged into it → what a domain says would change; for people to read."""

besides: list[Besides] = []
foresights: dict[str, Foresight] = {}
"""Each domain's own; chalicelib.wiring fills them."""


class Field(Struct, frozen=True):
    """A field of both contacts, and what the one that stays would have."""

    name: str
    this: Any
    other: Any
    after: Any


class Preview(Struct, frozen=True):
    """What a merge would change."""

    fields: list[Field]
    identities: list[str]
    consequences: Mapping[str, Any]


def preview(contact_id: str, other_id: str, choices: Choices) -> Preview:
    """Say what a merge would change; nothing is written. Raises as `merge` does."""
    primary, other, _ = _read(contact_id, other_id)
    values = _values(primary, other, choices)
    fields = [
        Field(name, mine, theirs, values.get(name, mine))
        for name in joining.choosable(primary, other)
        for mine, theirs in [(getattr(primary, name), getattr(other, name))]
        if mine is not None or theirs is not None
    ]
    ours, theirs = _ids(primary), _ids(other)
    said = {name: foresee(ours, theirs) for name, foresee in foresights.items()}
    return Preview(fields, [*ours, *theirs], said)


def merge(contact_id: str, other_id: str, wish: Wish, version: int, now: datetime) -> Merge:
    """Merge the other contact into this one. The same merge again returns what it made the first time.

    Raises Stale; NotFound; Conflict for one that was merged into another already (it names which), or where more than
    ten contacts would be one; Unprocessable for another that does not exist; Invalid for a choice that cannot be.
    """
    for _ in tries():
        earlier = Merge.find(*Merge.place(contact_id, wish.merge_id))
        if earlier is not None:
            return earlier
        primary, other, below = _read(contact_id, other_id, version)
        _values(primary, other, wish.choices)
        one = [*_ids(primary), *_ids(other)]
        writes = joining.merged(primary, other, below, wish, now)
        if _made([*writes, *(write for each in besides for write in each([one], now))]):
            return find_merge(contact_id, wish.merge_id)
    raise BUSY


def _made(writes: Sequence[Write]) -> bool:
    if len(writes) > MOST_WRITES:
        raise Conflict("These contacts are known by too many details to merge them in one step.")
    try:
        commit(writes)
    except ConditionFailed:
        return False
    return True


def read_both(one: Key, other: Key, version: int | None, noun: str) -> tuple[Any, Any]:
    """Return the record that stays, as it was when somebody read it, and the other one."""
    if one == other:
        raise Invalid(f"Two {noun}s are merged, not one.", [Problem("other_id", f"This is the same {noun}.")])
    main, found = read([one, other])
    if main is None:
        raise NotFound(f"There is no {noun} of this id.")
    if version not in {None, main.version}:
        raise Stale(f"The {noun} has changed since you read it. Read it again and repeat the merge.")
    if found is None:
        unknown = Problem("other_id", f"There is no {noun} of this id.")
        raise Unprocessable(f"The other {noun} does not exist.", [unknown])
    return main, found


def _read(contact_id: str, other_id: str, version: int | None = None) -> tuple[Contact, Contact, list[Contact]]:
    """Return the contact, the other one, and who was merged into the other before."""
    primary, other = read_both(key(contact_id), key(other_id), version, "contact")
    for each in (primary, other):
        identity.require_itself(each)
    ids = _ids(other)
    if len(_ids(primary)) + len(ids) > identity.MOST:
        raise Conflict(f"At most {identity.MOST} contacts can be one person.")
    below = [each for each in read(key(each) for each in ids[1:]) if each is not None]
    return primary, other, below


def _ids(contact: Contact) -> list[str]:
    return [contact.contact_id, *sorted(contact.identities or ())]


def _values(primary: Contact, other: Contact, choices: Choices) -> dict[str, Any]:
    if unknown := sorted(choices.keys() - set(joining.choosable(primary, other))):
        raise Invalid(
            "These fields cannot be chosen.", [Problem(f"choices.{name}", "No such field.") for name in unknown]
        )
    values = joining.taken(primary, other, choices)
    if primary.last_name and not values.get("last_name", primary.last_name):
        nameless = Problem("choices.last_name", f"The other contact has none. Choose “{THIS}”.")
        raise Invalid("A contact needs a last name.", [nameless])
    custom_fields.require_filled(RecordType.CONTACT, primary, values)
    return values


def undo(contact_id: str, merge_id: str, by: str, now: datetime) -> Merge:
    """Make two contacts of one again. Undoing it again changes nothing.

    Raises NotFound; Conflict where this contact was merged into another one since: that merge has to be undone first.
    """
    for _ in tries():
        record = find_merge(contact_id, merge_id)
        if record.undone_at is not None:
            return record
        primary = find(contact_id)
        identity.require_itself(primary)
        other = find(record.other_id)
        if other.merged_into != contact_id:
            continue  # it was undone at this very moment
        below = [each for each in read(key(each) for each in other.merged["identities"] or ()) if each is not None]
        later = parting.later_ones(contact_id, primary.identities or {}, record)
        writes = parting.undone(primary, other, below, record, later, by, now)
        two = [_ids(primary), [each.contact_id for each in (other, *below)]]
        if _made([*writes, *(write for each in besides for write in each(two, now))]):
            return record
    raise BUSY


def find_merge(contact_id: str, merge_id: str) -> Merge:
    """Return a merge. Raises NotFound."""
    found = Merge.find(*Merge.place(contact_id, merge_id))
    if found is None:
        raise NotFound("There is no such merge of this contact.")
    return found


def merges(contact_id: str) -> list[Merge]:
    """Return the last merges into a contact, undone ones too, newest first. Raises NotFound."""
    find(contact_id)
    prefix = Merge.sk.startswith("MERGE#")
    found = Merge.query(f"CONTACT#{contact_id}", prefix, scan_index_forward=False, limit=SHOWN, consistent_read=True)
    return sorted(found, key=lambda each: each.at, reverse=True)  # ids by Idempotency-Keys are in no order
