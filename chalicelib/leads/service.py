"""Use cases: make, find, change, close and delete leads (moving.py moves them through their business process)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.contacts import accounts, strategies
from chalicelib.contacts import service as contacts
from chalicelib.contacts.claims import change as changed_claims
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.fields import clean
from chalicelib.dynamodb import ConditionFailed, Write, check, commit, delete, put_changed, put_new, tries
from chalicelib.errors import Conflict, Invalid, Problem, Stale, Unprocessable
from chalicelib.leads import (
    matching,
    moving,
    orphans,
    plans,
    process,
    processes,
    qualifying,
    reading,
    remains,
)
from chalicelib.leads.choices import REASONS, State, StatusReason
from chalicelib.leads.models import Lead, LeadSettings

Change = Callable[[Lead], object]

prepare = matching.prepare
step = moving.step

TAKEN = "There is an open lead with these details already."
BUSY = Conflict("Others take these details at this moment. Try again in a few seconds.")


def foresee(ours: Sequence[str], theirs: Sequence[str]) -> dict[str, Any]:
    """Say which leads two contacts would have together that become one."""
    mine, others = reading.of_person(ours), reading.of_person(theirs)
    return {"now": sorted(each.lead_id for each in mine), "of_the_other": sorted(each.lead_id for each in others)}


def create(lead_id: str, values: Mapping[str, Any], by: str, now: datetime) -> Lead:
    """Make a lead by hand. The same id again returns what it made the first time.

    Raises Conflict naming the open lead that has the default strategy's key already (decision 12), Unprocessable for a
    parent that does not exist, Invalid for broken values.
    """
    lead = Lead.new(lead_id, now)
    for name, value in clean(values, RecordType.LEAD).items():
        setattr(lead, name, value)
    custom_fields.require(RecordType.LEAD, lead)
    lead.owner_id = lead.owner_id or by
    earlier = Lead.find(*Lead.at(lead_id))
    if earlier is not None:
        return earlier
    plans.begin(lead)
    return _created(lead, now)


def _created(lead: Lead, now: datetime) -> Lead:
    for _ in tries():
        lead.claims = None
        claims = matching.claim(lead, now)
        _refuse_taken(claims.met)
        try:
            commit([put_new(lead)], claims.writes, parents(lead))
        except ConditionFailed as failed:
            if earlier := next((found for _, found in failed.of(Lead) if found is not None), None):
                return earlier
            continue  # others took or left what it claims; what they left behind is read anew
        return lead
    raise BUSY


def _refuse_taken(met: Mapping[str, str]) -> None:
    owner = met.get(strategies.default(strategies.LEAD).id)
    if owner is not None:
        raise Conflict(TAKEN, [Problem("lead_id", owner)])


def parents(lead: Lead) -> list[Write]:
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
    cleaned = clean(values, RecordType.LEAD)

    def apply(lead: Lead) -> None:
        if cleaned.get("trigger_recycle") and not lead.trigger_recycle:
            plans.take(lead, process.return_to_marketing(processes.of(lead), lead.position), now)
        for name, value in cleaned.items():
            setattr(lead, name, value)
        if lead.status_reason not in REASONS[State(lead.state)]:
            raise Invalid("This status reason belongs to another state.", [Problem("status_reason", lead.state)])

    moved = bool({"contact_id", "account_id"} & cleaned.keys())
    return _change(lead_id, apply, by=by, why="changed by hand", version=version, now=now, moved=moved)


def _change(
    lead_id: str, apply: Change, *, by: str, why: str, version: int, now: datetime, moved: bool = False
) -> Lead:
    for _ in tries():
        lead = reading.as_read(lead_id, version)
        before = plans.remembered(lead)
        apply(lead)
        claims = matching.claim(lead, now)
        _refuse_taken(claims.met)
        held = parents(lead) if moved else []
        try:
            commit(plans.changed(lead, before, by=by, why=why, now=now), claims.writes, held)
        except ConditionFailed:
            continue  # others took or left what it claims; what they left behind is read anew
        return lead
    raise BUSY


def close(lead_id: str, state: State, reason: StatusReason, *, by: str, why: str, version: int, now: datetime) -> Lead:
    """Close an open lead, which lets go of its match keys (decision 10). Raises NotFound, Stale, Conflict."""

    def apply(lead: Lead) -> None:
        if not lead.open:
            raise Conflict(f"This lead is {lead.state} already.")
        lead.state, lead.status_reason = state, reason

    return _change(lead_id, apply, by=by, why=why, version=version, now=now)


def reopen(lead_id: str, *, by: str, why: str, version: int, now: datetime) -> Lead:
    """Open a closed lead again; where another open lead has its match key by now, it is that one's heir.

    Its open opportunity is lost with that. Raises NotFound, Stale, Conflict (open already, its opportunity won).
    """
    for _ in tries():
        lead = reading.as_read(lead_id, version)
        if lead.open:
            raise Conflict("This lead is open.")
        lost = qualifying.let_go(lead, by, now)
        before = plans.remembered(lead)
        lead.state, lead.status_reason = State.OPEN, REASONS[State.OPEN][0]
        claims = matching.claim(lead, now)
        try:
            commit(plans.changed(lead, before, by=by, why=why, now=now), claims.writes, lost)
        except ConditionFailed:
            continue  # others took or left what it claims; what they left behind is read anew
        return lead
    raise BUSY


def remove(lead_id: str, version: int, now: datetime) -> None:
    """Delete a lead and free its match keys; what hangs on it is swept afterwards. Raises NotFound, Stale, Conflict."""
    for _ in tries():
        lead = reading.as_read(lead_id, version)
        _require_alone(lead)
        gone = delete(lead.key, Lead.version == version, refused=Stale(reading.STALE))
        released = changed_claims(matching.BOOK, lead_id, lead.claims or {}, {}, now).writes
        try:
            commit([gone, remains.plan(lead_id, now)], released)
        except ConditionFailed:
            continue  # somebody joined or left its heirs; they are read anew
        return
    raise BUSY


def _require_alone(lead: Lead) -> None:
    if lead.identities:
        merged = [Problem("identities", each) for each in sorted(lead.identities)]
        raise Conflict("Other leads were merged into this one. Undo that before you delete it.", merged)


def settings() -> LeadSettings:
    return LeadSettings.find(*LeadSettings.at()) or LeadSettings(*LeadSettings.at())


def save_settings(wanted: LeadSettings, version: int, now: datetime) -> LeadSettings:
    """Replace the settings of leads. Raises Stale; Unprocessable for a process that is not live.

    Where they begin to give orphans contacts, the job that gives them to those that are there comes with it.
    """
    if wanted.process_id is not None:
        processes.live(wanted.process_id)
    before = LeadSettings.find(*LeadSettings.at())
    stale = Stale("The settings have changed since you read them. Read them again and repeat the change.")
    wanted.version = version or 1
    job = orphans.planned(f"{orphans.WORK}-{version}", now) if orphans.turned_on(wanted, before) else []
    commit([put_changed(wanted, refused=stale) if version else put_new(wanted, refused=stale)], job)
    return wanted
