"""What a lead's use cases write: the lead and, for what is worth remembering, a row of its history."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.clock import digest
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.models import Contact
from chalicelib.dynamodb import Write, put_changed, put_new
from chalicelib.leads import process
from chalicelib.leads.choices import StatusReason
from chalicelib.leads.models import Lead, Move
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


def first_score(lead: Lead, now: datetime, reason: StatusReason | None = None) -> list[Write]:
    """Let the first contribution of any model start the nurturing (BPF-7); `reason` as in `marketing_qualified`."""
    return _by_score(lead, process.first_score(lead.position), None, "first score", now, reason)


def mark_sales_ready(
    lead: Lead, reached_at: datetime, why: str, now: datetime, reason: StatusReason | None = None
) -> list[Write]:
    """Mark a lead ready for sales since its score reached the threshold, which skips teleprospecting (BPF-5)."""
    return _by_score(lead, process.reached(lead.position), reached_at, why, now, reason)


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
    take(lead, step, now)
    if step and reached_at is not None:
        lead.sales_ready_at = reached_at
    lead.status_reason = reason or lead.status_reason
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
