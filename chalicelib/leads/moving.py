"""Use cases: move leads through their business process by hand, and from one process to another."""

from collections.abc import Callable, Mapping
from datetime import datetime

from chalicelib.dynamodb import commit
from chalicelib.errors import Conflict, Problem, Unprocessable
from chalicelib.leads import plans, processes, reading
from chalicelib.leads.models import Lead
from chalicelib.leads.process import Position, Process, Step

Rule = Callable[[Process, Position], Step]


def step(
    lead_id: str, rule: Rule, *, by: str, why: str, version: int, now: datetime, owner_id: str | None = None
) -> Lead:
    """Make a step of the business process by hand, and give the lead to an owner.

    Raises NotFound, Stale, Conflict; Unprocessable naming what its stage asks for before it may be left.
    """
    lead = reading.as_read(lead_id, version)
    before = plans.remembered(lead)
    taken = rule(processes.of(lead), lead.position)
    given = owner_id is not None and owner_id != lead.owner_id
    if not taken and not given:
        return lead
    lead.owner_id = owner_id or lead.owner_id
    told = plans.take_by_hand(lead, taken, now)
    commit(plans.changed(lead, before, by=by, why=f"{why}{told}", now=now))
    return lead


def assign(lead_id: str, owner_id: str | None, *, by: str, why: str, version: int, now: datetime) -> Lead:
    """Give a lead to somebody, or (None) to nobody. Raises NotFound, Stale."""
    lead = reading.as_read(lead_id, version)
    if lead.owner_id == owner_id:
        return lead
    before = plans.remembered(lead)
    lead.owner_id = owner_id
    commit(plans.changed(lead, before, by=by, why=why, now=now))
    return lead


def switch(
    lead_id: str, process_id: str, mapped: Mapping[str, str], *, by: str, why: str, version: int, now: datetime
) -> Lead:
    """Let an open lead follow another process, or what is live of its own by now (BPF-3).

    It stands where `mapped` says, else at the stage of the same id, else at the first. Raises NotFound, Stale,
    Conflict; Unprocessable for a process that is not live, or a stage that it does not have.
    """
    lead = reading.as_read(lead_id, version)
    if not lead.open:
        raise Conflict("This lead is closed. Open it again first.")
    way = processes.live(process_id)
    wrong = [Problem(f"stages.{stage}", "The process has no such stage.") for stage, to in mapped.items()
             if way.stage(to) is None]  # fmt: skip
    if wrong:
        raise Unprocessable("Leads cannot go over to stages that the process does not have.", wrong)
    if (way.id, way.version) == (processes.of(lead).id, processes.of(lead).version) and not mapped:
        return lead
    before = plans.remembered(lead)
    plans.switch(lead, way, mapped, now)
    commit(plans.changed(lead, before, by=by, why=why or "switched process", now=now))
    return lead


def standing(lead: Lead, now: datetime) -> list[Problem]:
    """Return what keeps a lead from completing its stage; nothing where it is at the last one."""
    to = processes.of(lead).after(lead.stage)
    return list(plans.missing(lead, lead.stage, to, now).problems) if to is not None else []
