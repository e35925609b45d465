"""Use cases: make, find, change, close and delete leads, and move them through their business process."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.contacts import accounts, strategies
from chalicelib.contacts import service as contacts
from chalicelib.contacts.claims import Strategy, backfilled
from chalicelib.contacts.claims import backfill as backfill_claims
from chalicelib.contacts.claims import change as changed_claims
from chalicelib.contacts.fields import clean
from chalicelib.dynamodb import ConditionFailed, Write, check, commit, delete, put_changed, put_new, read
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Stale, Unprocessable
from chalicelib.leads import matching, plans, process
from chalicelib.leads.choices import REASONS, State, StatusReason
from chalicelib.leads.models import Lead, Move, Owner, lead_key
from chalicelib.leads.process import Position, Step

Change = Callable[[Lead], object]

prepare = matching.prepare

STALE = "The lead has changed since you read it. Read it again and repeat the change."
TAKEN = "There is an open lead with these details already."
BUSY = Conflict("Others take these details at this moment. Try again in a few seconds.")
ROUNDS = 4  # of reading who owns a key and writing what follows from it


def find(lead_id: str) -> Lead:
    """Return a lead, read consistently. Raises NotFound."""
    lead = Lead.find(*Lead.at(lead_id))
    if lead is None:
        raise NotFound("There is no lead of this id.")
    return lead


def find_many(lead_ids: Iterable[str]) -> list[Lead]:
    """Return those of the leads that exist, read consistently."""
    return [lead for lead in read(lead_key(each) for each in lead_ids) if lead is not None]


def of_contact(contact_id: str, also: Iterable[str] = ()) -> list[Lead]:
    """Return a contact's leads, open and closed, each as it is now.

    The index may lag; `also` names leads that it may not show yet. Every row is read anew, consistently.
    """
    listed = [item.pk.removeprefix("LEAD#") for item in Lead.by_contact.query(contact_id)]
    return [lead for lead in find_many(dict.fromkeys([*listed, *also])) if lead.contact_id == contact_id]


def of_account(account_id: str, also: Iterable[str] = ()) -> list[Lead]:
    """Return an account's account-based leads, which have no parent contact (LEAD-3), read as those of a contact."""
    listed = [item.pk.removeprefix("LEAD#") for item in Lead.by_account.query(account_id)]
    found = find_many(dict.fromkeys([*listed, *also]))
    return [lead for lead in found if lead.account_id == account_id and not lead.contact_id]


def create(lead_id: str, values: Mapping[str, Any], by: str, now: datetime) -> Lead:
    """Make a lead by hand. The same id again returns what it made the first time.

    Raises Conflict naming the open lead that has the default strategy's key already (decision 12), Unprocessable for a
    parent that does not exist, Invalid for broken values.
    """
    lead = Lead.new(lead_id, now)
    for name, value in clean(values).items():
        setattr(lead, name, value)
    lead.owner_id = lead.owner_id or by
    earlier = Lead.find(*Lead.at(lead_id))
    if earlier is not None:
        return earlier
    claims = matching.claim(lead, now)
    _refuse_taken(claims.met)
    try:
        commit([put_new(lead)], claims.writes, _parents(lead))
    except ConditionFailed as failed:
        return _made_before(failed)
    return lead


def _refuse_taken(met: Mapping[str, str]) -> None:
    owner = met.get(strategies.default(strategies.LEAD).id)
    if owner is not None:
        raise Conflict(TAKEN, [Problem("lead_id", owner)])


def _made_before(failed: ConditionFailed) -> Lead:
    for _, earlier in failed.of(Lead):
        if earlier is not None:
            return earlier
    owners = [found.record_id for _, found in failed.of(Owner) if found is not None]
    raise Conflict(TAKEN, [Problem("lead_id", each) for each in owners]) from failed


def _parents(lead: Lead) -> list[Write]:
    """Hold the transaction to the parents' being there."""
    if lead.account_id is not None:
        accounts.find(lead.account_id)
    if lead.contact_id is None:
        return []
    unknown = Unprocessable("There is no contact of this id.", [Problem("contact_id", "This contact does not exist.")])
    key = contacts.key(lead.contact_id)
    return [check(key, key.kind.pk.exists(), refused=unknown)]


def amend(lead_id: str, values: Mapping[str, Any], *, by: str, version: int, now: datetime) -> Lead:
    """Change a lead; None empties a field. Its parents may change at any stage (decision 41).

    Setting `trigger_recycle` gives it back to marketing (LEAD-7), until it is marked for sales again. Raises NotFound,
    Stale, Conflict (naming the open lead that has these details; with marketing already), Unprocessable (no such
    parent).
    """
    cleaned = clean(values)

    def apply(lead: Lead) -> None:
        if cleaned.get("trigger_recycle") and not lead.trigger_recycle:
            plans.take(lead, process.return_to_marketing(lead.position), now)
        for name, value in cleaned.items():
            setattr(lead, name, value)
        if lead.status_reason not in REASONS[State(lead.state)]:
            raise Invalid("This status reason belongs to another state.", [Problem("status_reason", lead.state)])

    moved = bool({"contact_id", "account_id"} & cleaned.keys())
    return _change(lead_id, apply, by=by, why="changed by hand", version=version, now=now, parents=moved)


def _change(
    lead_id: str, apply: Change, *, by: str, why: str, version: int, now: datetime, parents: bool = False
) -> Lead:
    for _ in range(ROUNDS):
        lead = _read(lead_id, version)
        before = plans.remembered(lead)
        apply(lead)
        claims = matching.claim(lead, now)
        _refuse_taken(claims.met)
        held = _parents(lead) if parents else []
        try:
            commit(plans.changed(lead, before, by=by, why=why, now=now), claims.writes, held)
        except ConditionFailed:
            continue  # others took or left what it claims; what they left behind is read anew
        return lead
    raise BUSY


def _read(lead_id: str, version: int) -> Lead:
    lead = find(lead_id)
    if lead.version != version:
        raise Stale(STALE)
    return lead


def step(
    lead_id: str, rule: Callable[[Position], Step], *, by: str, why: str, version: int, now: datetime,
    owner_id: str | None = None,
) -> Lead:  # fmt: skip
    """Make a step of the business process by hand, and give the lead to an owner. Raises NotFound, Stale, Conflict."""
    lead = _read(lead_id, version)
    before = plans.remembered(lead)
    taken = rule(lead.position)
    given = owner_id is not None and owner_id != lead.owner_id
    if not taken and not given:
        return lead
    plans.take(lead, taken, now)
    lead.owner_id = owner_id or lead.owner_id
    commit(plans.changed(lead, before, by=by, why=why, now=now))
    return lead


def close(lead_id: str, state: State, reason: StatusReason, *, by: str, why: str, version: int, now: datetime) -> Lead:
    """Close an open lead, which lets go of its match keys (decision 10). Raises NotFound, Stale, Conflict."""

    def apply(lead: Lead) -> None:
        if not lead.open:
            raise Conflict(f"This lead is {lead.state} already.")
        lead.state, lead.status_reason = state, reason

    return _change(lead_id, apply, by=by, why=why, version=version, now=now)


def reopen(lead_id: str, *, by: str, why: str, version: int, now: datetime) -> Lead:
    """Open a closed lead again; where another open lead has its match key by now, it is that one's heir."""
    lead = _read(lead_id, version)
    if lead.open:
        raise Conflict("This lead is open.")
    before = plans.remembered(lead)
    lead.state, lead.status_reason = State.OPEN, REASONS[State.OPEN][0]
    claims = matching.claim(lead, now)
    try:
        commit(plans.changed(lead, before, by=by, why=why, now=now), claims.writes)
    except ConditionFailed as failed:
        raise Conflict("Another lead took these details at the same moment. Try again.") from failed
    return lead


def remove(lead_id: str, version: int, now: datetime) -> None:
    """Delete a lead and free its match keys. Raises NotFound, Stale."""
    lead = _read(lead_id, version)
    gone = delete(lead.key, Lead.version == version, refused=Stale(STALE))
    released = changed_claims(matching.BOOK, lead_id, lead.claims or {}, {}, now).writes
    try:
        commit([gone], released)
    except ConditionFailed as failed:
        raise Conflict("Somebody took over its details at the same moment. Try again.") from failed


def orphan(contact_id: str, now: datetime) -> list[str]:
    """Take a deleted contact from its leads as their parent, which keep their own claims (decision 40)."""
    found = of_contact(contact_id)
    for lead in found:
        before = plans.remembered(lead)
        lead.contact_id = None
        commit(plans.changed(lead, before, by="system", why="the contact was deleted", now=now))
    return [lead.lead_id for lead in found]


def sweep(contact_id: str, now: datetime) -> bool:
    """Leave no lead with a deleted contact as its parent; return whether nothing is left to do."""
    orphan(contact_id, now)
    return True


def backfill(strategy: Strategy, lead_ids: Iterable[str], now: datetime) -> None:
    """Let open leads claim under a strategy that is being built; the latest updated owns a shared key (decision 8)."""
    backfill_claims(lead_ids, lambda each: _backfilled(strategy, each, now))


def _backfilled(strategy: Strategy, lead_id: str, now: datetime) -> list[Write]:
    lead = Lead.find(*Lead.at(lead_id))
    place = strategy.place(lead.matched_by) if lead is not None and lead.open else None
    if lead is None or place is None or (lead.claims or {}).get(strategy.id) == place:
        return []
    claimed, _ = backfilled(matching.BOOK, place, lead_id, lead.updated_at, now)
    lead.claims = {**(lead.claims or {}), strategy.id: place}
    return [put_changed(lead), *claimed]


def history(lead_id: str) -> list[Move]:
    """Return what happened to a lead in its process, oldest first. Raises NotFound."""
    find(lead_id)
    return list(Move.query(f"LEAD#{lead_id}", Move.sk.startswith("HISTORY#"), consistent_read=True))
