"""Use cases: merge one lead of somebody into another, see before what it would change, undo it (decision 46).

The other lead is closed and keeps its history; its match keys lead to the one that stays, which alone is scored.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.contacts import accounts, handing, strategies
from chalicelib.contacts import service as contacts
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.custom.record import is_custom, names_of
from chalicelib.contacts.joining import OTHER, Choices, Wish
from chalicelib.contacts.merging import BUSY, MOST_WRITES, Field, Preview, read_both
from chalicelib.contacts.parting import ended, last_given, rewritten
from chalicelib.dynamodb import ConditionFailed, Key, Write, commit, put_new, read, silent, tries, update
from chalicelib.dynamodb import put_changed as put_back
from chalicelib.errors import Conflict, Invalid, NotFound, Problem
from chalicelib.leads import fields, plans, reading
from chalicelib.leads.choices import State, StatusReason
from chalicelib.leads.matching import BOOK, claims_of, places_of_all
from chalicelib.leads.models import Lead, LeadMerge, lead_key

MOST = 10  # leads that can be one
SHOWN = 50  # merges of a lead, newest first

STRICTEST = ("do_not_email", "do_not_bulk_email", "do_not_phone")
"""What either lead says is said."""
FILLED = (
    *(*fields.TEXTS, *fields.INTEGERS, *fields.NUMBERS, "account_id", "decision_maker"),
    *("rating", "lead_source", "lead_source_type", "purchase_timeframe", "purchase_process", "need"),
)


def choosable(main: Lead, other: Lead) -> tuple[str, ...]:
    """Return the fields that somebody can choose from either lead, custom ones included."""
    return (*FILLED, "owner_id", *names_of(main, other))


def taken(main: Lead, other: Lead, choices: Choices) -> dict[str, Any]:
    """Return what a lead takes from the other: chosen fields, those that it has not itself, and what is forbidden."""
    values: dict[str, Any] = {name: True for name in STRICTEST if getattr(other, name) and not getattr(main, name)}
    for name in choosable(main, other):
        mine, theirs = getattr(main, name), getattr(other, name)
        blank = mine is None and name != "owner_id" and name not in choices
        if mine != theirs and (choices.get(name) == OTHER or blank):
            values[name] = theirs
    return values


def preview(lead_id: str, other_id: str, choices: Choices) -> Preview:
    """Say what a merge would change; nothing is written. Raises as `merge` does."""
    main, other, below = _read(lead_id, other_id)
    values = _values(main, other, choices)
    shown = [
        Field(name, mine, theirs, values.get(name, mine))
        for name in (*choosable(main, other), *STRICTEST)
        for mine, theirs in [(getattr(main, name), getattr(other, name))]
        if mine is not None or theirs is not None
    ]
    ids = [*_ids(main), other.lead_id, *(each.lead_id for each in below)]
    return Preview(shown, ids, {"closed": {"lead": other.lead_id, "state": State.DISQUALIFIED}})


def merge(lead_id: str, other_id: str, wish: Wish, version: int, now: datetime) -> LeadMerge:
    """Merge the other lead into this one. The same merge again returns what it made the first time.

    Raises Stale; NotFound; Conflict for a lead of somebody else, a closed lead that should stay, one that became an
    opportunity, one that was merged already, or where more than ten would be one; Unprocessable; Invalid.
    """
    for _ in tries():
        earlier = LeadMerge.find(*LeadMerge.place(lead_id, wish.merge_id))
        if earlier is not None:
            return earlier
        main, other, below = _read(lead_id, other_id, version)
        if _made(_merged(main, other, below, _values(main, other, wish.choices), wish, now)):
            return find_merge(lead_id, wish.merge_id)
    raise BUSY


def _made(writes: Sequence[Write]) -> bool:
    if len(writes) > MOST_WRITES:
        raise Conflict("These leads are known by too many details to merge them in one step.")
    try:
        commit([silent(write) for write in writes])
    except ConditionFailed:
        return False
    return True


def _read(lead_id: str, other_id: str, version: int | None = None) -> tuple[Lead, Lead, list[Lead]]:
    main, other = read_both(lead_key(lead_id), lead_key(other_id), version, "lead")
    for each in (main, other):
        reading.require_itself(each)
    if not main.open:
        raise Conflict("Leads are merged into an open one. Reopen this lead first, or merge it into the other.")
    if other.state == State.QUALIFIED:
        raise Conflict("The other lead became an opportunity, which stays its own. Merge this one into it instead.")
    if not _of_one(main.contact_id, other.contact_id):
        whose = [Problem("other_id", "This lead belongs to another contact.")]
        raise Conflict("These leads belong to different contacts. Merge the contacts first.", whose)
    if len(_ids(main)) + len(_ids(other)) > MOST:
        raise Conflict(f"At most {MOST} leads can be one.")
    return main, other, reading.find_many(_ids(other)[1:])


def _of_one(one: str | None, other: str | None) -> bool:
    return one == other or (one is not None and other is not None and other in contacts.who_is(one).ids)


def _ids(lead: Lead) -> list[str]:
    return [lead.lead_id, *sorted(lead.identities or ())]


def _values(main: Lead, other: Lead, choices: Choices) -> dict[str, Any]:
    if unknown := sorted(choices.keys() - set(choosable(main, other))):
        wrong = [Problem(f"choices.{each}", "No such field.") for each in unknown]
        raise Invalid("These fields cannot be chosen.", wrong)
    values = taken(main, other, choices)
    custom_fields.require_filled(RecordType.LEAD, main, values)
    return values


def _merged(
    main: Lead, other: Lead, below: Sequence[Lead], values: Mapping[str, Any], wish: Wish, now: datetime
) -> list[Write]:
    before, of_other = plans.remembered(main), plans.remembered(other)
    record = LeadMerge(
        *LeadMerge.place(main.lead_id, wish.merge_id),
        merge_id=wish.merge_id,
        into_id=main.lead_id,
        other_id=other.lead_id,
        at=now,
        by=wish.by,
        why=wish.why,
        taken=_plain(values),
        before=_plain({name: getattr(main, name) for name in values}),
    )
    for name, value in values.items():
        setattr(main, name, value)
    due = claims_of(other).values()
    joined = handing.join(BOOK, main, other, claims_of(main), due, wish.merge_id, now)
    main.identities = {**(main.identities or {}), **dict.fromkeys(_ids(other), wish.merge_id)}
    _close(other, main.lead_id, joined.owned)
    why = f"merged into {main.lead_id}: {wish.why}"
    return [
        *plans.changed(main, before, by=wish.by, why=f"merged with {other.lead_id}: {wish.why}", now=now),
        *plans.changed(other, of_other, by=wish.by, why=why, now=now),
        *(_follow(each, other.lead_id, main.lead_id) for each in below),
        put_new(record),
        *joined.writes,
    ]


def _close(other: Lead, into: str, owned: Sequence[str]) -> None:
    """Close the other lead; `merged` keeps what undoing puts back."""
    names = ("state", "status_reason", "claims", "inherited", "identities")
    other.merged = {**{name: getattr(other, name) for name in names}, "owned": owned}
    other.state, other.status_reason, other.merged_into = State.DISQUALIFIED, StatusReason.CANCELED, into
    other.claims = other.inherited = other.identities = None


def _follow(below: Lead, before: str, into: str) -> Write:
    """Let who was merged into the other before belong to the main lead at once: leads are never nested."""
    belongs = Lead.merged_into.set(into), Lead.version.add(1)
    return update(below.key, *belongs, condition=Lead.merged_into == before)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON holds them; money of 18 digits as a text, custom fields have fewer."""
    return {
        name: str(value) if isinstance(value, Decimal) and not is_custom(name) else value
        for name, value in values.items()
    }


def _own(name: str, value: Any) -> Any:
    return Decimal(value) if name in fields.NUMBERS and value is not None else value


def undo(lead_id: str, merge_id: str, by: str, now: datetime) -> LeadMerge:
    """Make two leads of one again: the other is what it was, open or closed. Undoing it again changes nothing.

    Raises NotFound; Conflict where this lead was merged into another one since: that merge has to be undone first.
    """
    for _ in tries():
        record = find_merge(lead_id, merge_id)
        if record.undone_at is not None:
            return record
        main, other = reading.find(lead_id), reading.find(record.other_id)
        reading.require_itself(main)
        if other.merged_into != lead_id:
            continue  # it was undone at this very moment
        below = reading.find_many(sorted(other.merged["identities"] or ()))
        if _made(_undone(main, other, below, record, by, now)):
            return record
    raise BUSY


def _undone(main: Lead, other: Lead, below: Sequence[Lead], record: LeadMerge, by: str, now: datetime) -> list[Write]:
    before, of_other, held = plans.remembered(main), plans.remembered(other), main.places
    later, owned = _later(main, record), other.merged["owned"]
    _give_back(main, record, later)
    inside = {other.lead_id, *(each.lead_id for each in below)}
    main.identities = {one: each for one, each in (main.identities or {}).items() if one not in inside} or None
    _come_back(other, below, held)
    own, merge_id = claims_of(main), record.merge_id
    claims = handing.part(BOOK, main, other, held=held, own=own, owned=owned, merge_id=merge_id, now=now)
    why, rewrites = f"the merge of {other.lead_id} was undone", rewritten(record, later)
    ended(record, by, now)
    return [
        *plans.changed(main, before, by=by, why=why, now=now),
        *plans.changed(other, of_other, by=by, why=why, now=now),
        *(_follow(each, main.lead_id, other.lead_id) for each in below),
        put_back(record),
        *rewrites,
        *claims,
    ]


def _give_back(main: Lead, record: LeadMerge, later: Sequence[LeadMerge]) -> None:
    """Give the main lead back what it had where the merge's value still stands."""
    _hand_down(record, later)
    account_id = main.account_id
    for name, value in last_given(record, later).items():
        if _plain({name: getattr(main, name)})[name] == value:
            setattr(main, name, _own(name, record.before[name]))
    if main.account_id not in {None, account_id} and not accounts.find_many([str(main.account_id)]):
        main.account_id = None  # it was deleted meanwhile


def _hand_down(record: LeadMerge, later: Sequence[LeadMerge]) -> None:
    """Let a later merge forbid what this one forbade, where that one's lead says so too: what any says is said."""
    rows = {each.lead_id: each for each in reading.find_many(each.other_id for each in later)}
    for name in record.taken.keys() & set(STRICTEST):
        heir = next((each for each in later if getattr(rows.get(each.other_id), name, None)), None)
        if heir is not None and name not in heir.taken:
            heir.taken, heir.before = {**heir.taken, name: True}, {**heir.before, name: record.taken[name]}


def _come_back(other: Lead, below: Sequence[Lead], held: set[str]) -> None:
    """Give the other lead back what it had, and what it would hold by now of those that are merged into it."""
    was, other.merged, other.merged_into = other.merged, None, None
    for name in ("state", "status_reason", "inherited", "identities"):
        setattr(other, name, was[name])
    other.claims = {**(was["claims"] or {}), **claims_of(other)} or was["claims"]
    if other.open:
        of_below = places_of_all(strategies.in_use(strategies.LEAD), below, other.identities or {})
        other.inherited = handing.regained(other.inherited or {}, of_below, held) or None


def _later(main: Lead, record: LeadMerge) -> list[LeadMerge]:
    """Return the merges into this lead that came after, and stand, in their order."""
    standing = sorted(set((main.identities or {}).values()) - {record.merge_id})
    found = read(Key(LeadMerge, *LeadMerge.place(main.lead_id, each)) for each in standing)
    return sorted((each for each in found if each is not None and each.at > record.at), key=lambda each: each.at)


def parted(people: Sequence[Sequence[str]], _: datetime) -> list[Write]:
    """Refuse to make several people of one contact while a lead of one is merged into another's: whose would it be?

    Raises Conflict naming the leads that they were merged into; writes nothing.
    """
    if len(people) == 1:
        return []
    leads = [(who, lead) for who, ids in enumerate(people) for lead in reading.of_person(ids, merged=True)]
    whose = {lead.lead_id: who for who, lead in leads}
    across = {lead.merged_into for who, lead in leads if whose.get(lead.merged_into, who) != who}
    if across:
        named = [Problem("leads", each) for each in sorted(across)]
        raise Conflict("Leads of the two contacts were merged as well. Undo that before you part the contacts.", named)
    return []


def find_merge(lead_id: str, merge_id: str) -> LeadMerge:
    """Return a merge. Raises NotFound."""
    found = LeadMerge.find(*LeadMerge.place(lead_id, merge_id))
    if found is None:
        raise NotFound("There is no such merge of this lead.")
    return found


def merges(lead_id: str) -> list[LeadMerge]:
    """Return the last merges into a lead, undone ones too, newest first. Raises NotFound."""
    reading.find(lead_id)
    prefix = LeadMerge.sk.startswith("MERGE#")
    found = LeadMerge.query(f"LEAD#{lead_id}", prefix, scan_index_forward=False, limit=SHOWN, consistent_read=True)
    return sorted(found, key=lambda each: each.at, reverse=True)  # ids by Idempotency-Keys are in no order
