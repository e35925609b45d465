"""What a lead's use cases write: the lead and, for what is worth remembering, a row of its history."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.clock import digest
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.models import Contact
from chalicelib.dynamodb import Write, put_changed, put_new, update
from chalicelib.leads import process
from chalicelib.leads.models import Lead, Move, lead_key
from chalicelib.leads.process import Flag, Step

SCORING = "scoring"
"""Who moves leads by their scores."""

REMEMBERED = ("stage", *Flag, "contact_id", "account_id", "state", "status_reason", "owner_id")
"""Fields whose changes are kept: ids and choices only, never what a person wrote."""

Values = Mapping[str, Any]


def remembered(lead: Lead) -> dict[str, Any]:
    """Return what of a lead its history keeps, to compare with afterwards."""
    return {str(name): getattr(lead, name) for name in REMEMBERED}


def changed(lead: Lead, before: Values, *, by: str, why: str, now: datetime) -> list[Write]:
    """Put a lead back after it was changed; `before` is what `remembered` said when it was read."""
    lead.updated_at = now
    lead.list_by_stage()
    changes = {name: [was, getattr(lead, name)] for name, was in before.items() if was != getattr(lead, name)}
    write = put_changed(lead)
    if not changes:
        return [write]
    move_id = digest(lead.lead_id, str(lead.version))
    move = Move(*Move.place(lead.lead_id, now, move_id), lead_id=lead.lead_id, at=now, by=by, why=why, changes=changes)
    return [write, put_new(move)]


def stepped(lead: Lead, step: Step, *, by: str, why: str, now: datetime) -> list[Write]:
    """Make a step of the business process; nothing to write where it changes nothing."""
    if not step:
        return []
    before = remembered(lead)
    take(lead, step, now)
    return changed(lead, before, by=by, why=why, now=now)


def take(lead: Lead, step: Step, now: datetime) -> None:
    """Let a lead take a step, not yet written."""
    if step.stage is not None:
        lead.stage, lead.stage_since = step.stage, now
    for flag, value in step.flags.items():
        setattr(lead, flag, value)
    if Flag.SALES_READY in step.flags:
        lead.sales_ready_at = now if step.flags[Flag.SALES_READY] else None
    if any(value and flag in process.SALES_SIDE for flag, value in step.flags.items()):
        lead.trigger_recycle = False
    if step.flags.get(Flag.RECYCLED):
        lead.recycled_at = now


def first_score(lead: Lead, now: datetime) -> list[Write]:
    """Let the first contribution of any model start the nurturing (BPF-7)."""
    return stepped(lead, process.first_score(lead.position), by=SCORING, why="first score", now=now)


def mark_sales_ready(lead: Lead, reached_at: datetime, why: str, now: datetime) -> list[Write]:
    """Mark a lead ready for sales since its score reached the threshold, which skips teleprospecting (BPF-5)."""
    step = process.reached(lead.position)
    if not step:
        return []
    before = remembered(lead)
    take(lead, step, now)
    lead.sales_ready_at = reached_at
    return changed(lead, before, by=SCORING, why=why, now=now)


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
