"""What a lead's use cases write: the lead and, for what is worth remembering, a row of its history.

Where a stage has conditions, the facts that they ask about are read here; the process itself is known.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.clock import digest
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.models import Contact
from chalicelib.dynamodb import Look, Write, put_changed, put_new, read, update
from chalicelib.errors import Problem, Unprocessable
from chalicelib.leads import awaited, process, processes
from chalicelib.leads.choices import StatusReason
from chalicelib.leads.models import Lead, Move, lead_key, settings_key
from chalicelib.leads.process import Flag, HandOver, Hindrances, Process, Step
from chalicelib.leads.shipped import PROCESS_ID

SCORING = "scoring"
"""Who moves leads by their scores."""

REMEMBERED = (
    *("stage", *Flag, "contact_id", "account_id", "state", "status_reason", "owner_id"),
    *("process_id", "process_version", "waiting_stage", "opportunity_id"),
)
"""Fields whose changes are kept: ids and choices only, never what a person wrote."""

Values = Mapping[str, Any]


def remembered(lead: Lead) -> dict[str, Any]:
    """Return what of a lead its history keeps, to compare with afterwards."""
    return {str(name): getattr(lead, name) for name in REMEMBERED}


def changed(lead: Lead, before: Values, *, by: str, why: str, now: datetime) -> list[Write]:
    """Put a lead back after it was changed; `before` is what `remembered` said when it was read.

    One that waited already goes on with the change that fills the gap, whoever makes it, and where it is opened again.
    """
    if lead.waiting_stage == before["waiting_stage"]:
        why += resume(lead, now)
    lead.updated_at = now
    list_anew(lead)
    changes = {name: [was, getattr(lead, name)] for name, was in before.items() if was != getattr(lead, name)}
    write, waits = put_changed(lead), awaited.noted(lead, before)
    if not changes:
        return [write]
    move_id = digest(lead.lead_id, str(lead.version))
    move = Move(*Move.place(lead.lead_id, now, move_id), lead_id=lead.lead_id, at=now, by=by, why=why, changes=changes)
    return [write, put_new(move), *waits]


def list_anew(lead: Lead) -> None:
    """Bring the keys of a lead's lists, and of the agenda, up to date with what it is now."""
    if lead.waiting_stage is None or not lead.open:
        lead.look_again(None)
    lead.list_by_stage(process.queue_of(processes.of(lead), lead.position))
    lead.list_by_likeness()


def remark(lead_id: str, remark_id: str, why: str, at: datetime) -> list[Write]:
    """Keep in a lead's history what should have happened and did not, and why; put if absent."""
    return [
        put_new(Move(*Move.place(lead_id, at, remark_id), lead_id=lead_id, at=at, by="system", why=why, changes={}))
    ]


# Steps of the process ------------------------------------------------------------------------------------------------


def take(lead: Lead, step: Step, now: datetime) -> None:
    """Let a lead take a step, not yet written, whatever may be missing."""
    if step.stage is not None:
        enter(lead, processes.of(lead), step.stage, now)
    for flag, value in step.flags.items():
        setattr(lead, flag, value)
    if Flag.SALES_READY in step.flags:
        lead.sales_ready_at = now if step.flags[Flag.SALES_READY] else None
    if any(value and flag in process.SALES_SIDE for flag, value in step.flags.items()):
        lead.trigger_recycle = False
    if step.flags.get(Flag.RECYCLED):
        lead.recycled_at, lead.waiting_stage = now, None


def enter(lead: Lead, way: Process, stage: str, now: datetime) -> None:
    """Let a lead enter a stage; its entry has a name where the stage has actions, which hear of it by that."""
    info = way.stage(stage)
    lead.stage, lead.stage_since, lead.waiting_stage = stage, now, None
    lead.entry = digest(lead.lead_id, "entry", str(lead.version + 1)) if info is not None and info.actions else None


def switch(lead: Lead, way: Process, mapped: Mapping[str, str], now: datetime) -> None:
    """Let a lead follow another process, or another version of its own, from where it stands there (BPF-3).

    In another version at the same stage it enters nothing: it stays, and waits for what it waited for if that is there.
    """
    stays, to = processes.of(lead).id == way.id, process.landing(way, lead.stage, mapped)
    lead.process_id, lead.process_version = (None, None) if way.id == PROCESS_ID else (way.id, way.version)
    if not stays or to != lead.stage:
        enter(lead, way, to, now)
    elif lead.waiting_stage is not None and way.number(lead.waiting_stage) <= way.number(to):
        lead.waiting_stage = None


def missing(lead: Lead, leaving: str, entering: str, now: datetime) -> Hindrances:
    """Return what keeps a lead, as it is, from going from one stage to another."""
    way = processes.of(lead)
    here, there = way.stage(leaving), way.stage(entering)
    conditions = [here.leaves_if if here is not None else None, there.enters_if if there is not None else None]
    return process.hindrances(way, leaving, entering, processes.facts(lead, conditions, now), now)


def take_by_hand(lead: Lead, step: Step, now: datetime) -> str:
    """Let a lead take a step that a person wants. Raises Unprocessable naming what is missing.

    Returns what the history should add to the reason.
    """
    stood, marked = lead.stage, Step(None, step.flags)
    take(lead, marked, now)
    if step.stage is not None and not step.back and (found := missing(lead, stood, step.stage, now).problems):
        raise Unprocessable("The lead cannot go to that stage as it stands.", found)
    take(lead, Step(step.stage), now)
    return _handed_over(lead, step.flags, now)


def take_by_itself(lead: Lead, step: Step, now: datetime) -> str:
    """Let a lead take an automatic step; where something is missing it is marked but stays, and waits for the stage.

    One that waits for that stage or a later one goes on waiting. Returns what the history should add to the reason.
    """
    stood, marked = lead.stage, Step(None, step.flags)
    take(lead, marked, now)
    if step.stage is not None and _waits_beyond(lead, step.stage):
        return ""
    found = missing(lead, stood, step.stage, now) if step.stage is not None else None
    if found is not None and found.problems:
        lead.waiting_stage = step.stage
        lead.look_again(found.changes_at)
        return _told(found.problems)
    take(lead, Step(step.stage), now)
    return _handed_over(lead, step.flags, now)


def _waits_beyond(lead: Lead, stage: str) -> bool:
    way = processes.of(lead)
    return lead.waiting_stage is not None and way.number(lead.waiting_stage) >= way.number(stage)


def _told(found: Sequence[Problem]) -> str:
    lacking = ", ".join(dict.fromkeys(each.field if each.field != "stage" else each.message for each in found))
    return f"; it stays where it is, for this is missing: {lacking}"


def _handed_over(lead: Lead, marks: Mapping[Flag, bool], now: datetime) -> str:
    given = process.hands_over(processes.of(lead), marks)
    return _given_to(lead, given, now) if given is not None else ""


def _given_to(lead: Lead, given: HandOver, now: datetime) -> str:
    """Give a lead to the process that its own hands over to, if that is live (BPF-8)."""
    try:
        way = processes.live(given.process_id)
    except Unprocessable:
        return f"; the process {given.process_id} that it was to be handed to is not live"
    switch(lead, way, given.stages, now)
    return f"; handed over to the process {given.process_id}"


def resume(lead: Lead, now: datetime) -> str:
    """Let a lead that waits for what was missing go on, once nothing is missing any more; it is handed over only then.

    Returns what the history should add to the reason.
    """
    if lead.waiting_stage is None or not lead.open:
        return ""
    found = missing(lead, lead.stage, lead.waiting_stage, now)
    if found.problems:
        lead.look_again(found.changes_at)
        return ""
    enter(lead, processes.of(lead), lead.waiting_stage, now)
    return _handed_over(lead, dict.fromkeys(lead.position.flags, True), now)


def first_score(lead: Lead, now: datetime, reason: StatusReason | None = None) -> list[Write]:
    """Let the first contribution of any model start the nurturing (BPF-7); `reason` as in `marketing_qualified`."""
    return _by_score(lead, process.first_score(processes.of(lead), lead.position), None, "first score", now, reason)


def mark_sales_ready(
    lead: Lead, reached_at: datetime, why: str, now: datetime, reason: StatusReason | None = None
) -> list[Write]:
    """Mark a lead ready for sales since its score reached the threshold, which skips teleprospecting (BPF-5)."""
    return _by_score(lead, process.reached(processes.of(lead), lead.position), reached_at, why, now, reason)


def marketing_qualified(lead: Lead, reason: StatusReason, why: str, now: datetime) -> list[Write]:
    """Give an open lead a status reason because of its scores (RSC-12)."""
    return _by_score(lead, process.STAY, None, why, now, reason)


def _by_score(
    lead: Lead, step: Step, reached_at: datetime | None, why: str, now: datetime, reason: StatusReason | None
) -> list[Write]:
    reason = reason if lead.open and reason != lead.status_reason else None
    if not step and reason is None:
        return []
    before = remembered(lead)
    told = take_by_itself(lead, step, now)
    if step and reached_at is not None:
        lead.sales_ready_at = reached_at
    lead.status_reason = reason or lead.status_reason
    return changed(lead, before, by=SCORING, why=f"{why}{told}", now=now)


# Leads that are made -------------------------------------------------------------------------------------------------


def begin(lead: Lead, look: Look = read) -> None:
    """Let a new lead begin the process that new leads follow: the shipped one, unless the settings name a live one."""
    [own] = look([settings_key()])
    way = processes.live_if_any(own.process_id) if own is not None else None
    if way is None:
        list_anew(lead)
        return
    lead.process_id, lead.process_version, lead.stage = way.id, way.version, way.first
    lead.entry = digest(lead.lead_id, "entry", "made") if way.stages[0].actions else None
    list_anew(lead)


def take_context(lead: Lead, context: MarketingContext | None) -> None:
    """Keep where a new lead came from (SUB-5)."""
    for name, value in (context.named() if context else {}).items():
        setattr(lead, name, value)


def create_from_tile(  # noqa: PLR0917  as journeys call it
    lead_id: str,
    contact: Contact,
    topic: str,
    last_name: str,
    context: MarketingContext | None,
    owner: str | None,
    now: datetime,
) -> list[Write]:
    """Make a new lead of a contact from a journey's tile, whatever other leads it has (JRN-60, GEN-12).

    Put if absent: the caller's id is that of the tile's visit. It holds no address of its own, so no claim either.
    """
    lead = Lead.new(lead_id, now)
    lead.contact_id, lead.topic, lead.last_name, lead.owner_id = contact.contact_id, topic, last_name, owner
    take_context(lead, context)
    begin(lead)
    return [put_new(lead)]


def one_submission_less(lead_id: str, now: datetime) -> Write:
    """Return the write that takes a LinkedIn submission back from a lead's count; refused for a lead that is gone."""
    return update(
        lead_key(lead_id),
        Lead.linkedin_submissions.add(-1),
        Lead.version.add(1),
        Lead.updated_at.set(now),
        condition=Lead.linkedin_submissions >= 1,
    )
