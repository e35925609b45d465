"""Leads over HTTP: records, the business process, lists."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.errors import Invalid
from chalicelib.http import Api, Call, Listing, Nothing
from chalicelib.leads import lists, moving, process, processes, reading, service, stakeholders
from chalicelib.leads.models import Lead, Move
from chalicelib.leads.process_schemas import SwitchProcess
from chalicelib.leads.schemas import (
    AcceptLead,
    CloseLead,
    LeadChange,
    LeadsQuery,
    LeadView,
    MarkLead,
    MoveLead,
    Moves,
    MoveView,
    NewLead,
    Why,
)
from chalicelib.lists import Page

api = Api(__name__)

ONE = "/leads/{lead_id}"


@api.on("POST /leads", scope="leads:write", body=NewLead, returns=LeadView, status=HTTPStatus.CREATED)
def create_lead(call: Call[NewLead]) -> LeadView:
    """Make a lead by hand."""
    return view(service.create(call.new_id, call.body.model_dump(exclude_unset=True), call.caller.id, call.now))


@api.on("GET /leads", scope="leads:read", query=LeadsQuery, returns=Listing[LeadView])
def list_leads(call: Call[Nothing]) -> Listing[LeadView]:
    """List leads: all, newest first, or those of one owner, stage, contact, account or stakeholder."""
    return Listing[LeadView].of(_listed(call.query), view)


def _listed(query: LeadsQuery) -> Page[Lead]:
    chosen = [name for name in LISTS if getattr(query, name) is not None]
    if len(chosen) > 1:
        raise Invalid(f"Leads are listed by one of {', '.join(LISTS)}. What needs several is a segment.")
    if not chosen:
        return lists.newest(query.asked)
    return LISTS[chosen[0]](getattr(query, chosen[0]), query.asked)


LISTS: dict[str, Callable[[Any, Any], Page[Lead]]] = {
    "owner_id": lists.of_owner,
    "stage": lists.of_stage,
    "contact_id": lists.of_contact,
    "account_id": lists.of_account,
    "stakeholder_id": stakeholders.leads_of,
}


@api.on(f"GET {ONE}", scope="leads:read", returns=LeadView)
def show_lead(_: Call[Nothing], lead_id: str) -> LeadView:
    """Show a lead."""
    return view(reading.find(lead_id))


@api.on(f"PATCH {ONE}", scope="leads:write", body=LeadChange, returns=LeadView)
def change_lead(call: Call[LeadChange], lead_id: str) -> LeadView:
    """Change a lead."""
    return view(service.amend(lead_id, call.body.values, by=call.caller.id, version=call.version, now=call.now))


@api.on(f"DELETE {ONE}", scope="leads:write")
def delete_lead(call: Call[Nothing], lead_id: str) -> None:
    """Delete a lead."""
    service.remove(lead_id, call.version, call.now)


@api.on(f"GET {ONE}/history", scope="leads:read", returns=Moves)
def list_lead_moves(_: Call[Nothing], lead_id: str) -> Moves:
    """List what happened to a lead in its process, oldest first."""
    return Moves(items=[_move(move) for move in reading.history(lead_id)])


@api.on(f"POST {ONE}/move", scope="leads:write", body=MoveLead, returns=LeadView)
def move_lead(call: Call[MoveLead], lead_id: str) -> LeadView:
    """Move a lead to any stage."""
    return _step(call, lead_id, partial(process.move, to=call.body.stage))


@api.on(f"POST {ONE}/complete-stage", scope="leads:write", body=Why, returns=LeadView)
def complete_lead_stage(call: Call[Why], lead_id: str) -> LeadView:
    """Complete a lead's stage and activate the next one."""
    return _step(call, lead_id, process.complete)


@api.on(f"POST {ONE}/switch-process", scope="leads:write", body=SwitchProcess, returns=LeadView)
def switch_lead_process(call: Call[SwitchProcess], lead_id: str) -> LeadView:
    """Let a lead follow another process, or the newest version of its own."""
    body = call.body
    return view(
        moving.switch(
            lead_id,
            body.process_id,
            body.stages,
            by=call.caller.id,
            why=body.why,
            version=call.version,
            now=call.now,
        )
    )


@api.on(f"POST {ONE}/mark", scope="leads:write", body=MarkLead, returns=LeadView)
def mark_lead(call: Call[MarkLead], lead_id: str) -> LeadView:
    """Mark a lead, which moves it forward."""
    return _step(call, lead_id, partial(process.mark, flag=call.body.flag))


@api.on(f"POST {ONE}/accept", scope="leads:write", body=AcceptLead, returns=LeadView)
def accept_lead(call: Call[AcceptLead], lead_id: str) -> LeadView:
    """Accept what waits for an operator or a salesperson."""
    return _step(call, lead_id, process.accept, call.body.owner_id)


@api.on(f"POST {ONE}/return-to-marketing", scope="leads:write", body=Why, returns=LeadView)
def return_lead_to_marketing(call: Call[Why], lead_id: str) -> LeadView:
    """Give a lead back for further nurturing."""
    return _step(call, lead_id, process.return_to_marketing)


@api.on(f"POST {ONE}/close", scope="leads:write", body=CloseLead, returns=LeadView)
def close_lead(call: Call[CloseLead], lead_id: str) -> LeadView:
    """Close a lead as qualified or disqualified."""
    state, reason = call.body.state, call.body.reason
    return view(
        service.close(lead_id, state, reason, by=call.caller.id, why=call.body.why, version=call.version, now=call.now)
    )


@api.on(f"POST {ONE}/reopen", scope="leads:write", body=Why, returns=LeadView)
def reopen_lead(call: Call[Why], lead_id: str) -> LeadView:
    """Open a closed lead again."""
    return view(service.reopen(lead_id, by=call.caller.id, why=call.body.why, version=call.version, now=call.now))


def _step(call: Call[Any], lead_id: str, rule: moving.Rule, owner_id: str | None = None) -> LeadView:
    stepped = moving.step(
        lead_id,
        rule,
        by=call.caller.id,
        why=call.body.why,
        version=call.version,
        now=call.now,
        owner_id=owner_id,
    )
    return view(stepped)


def view(lead: Lead) -> LeadView:
    shown = {name: getattr(lead, name) for name in LeadView.model_fields if name not in ABOUT_ITSELF}
    shown["identities"] = sorted(lead.identities or ())
    way = processes.of(lead)
    shown["lacking"] = custom_fields.lacking_names(RecordType.LEAD, lead)
    return LeadView(id=lead.lead_id, process_id=way.id, process_version=way.version, **shown)


ABOUT_ITSELF = frozenset({"id", "process_id", "process_version", "lacking"})


def _move(move: Move) -> MoveView:
    return MoveView(at=move.at, by=move.by, why=move.why, changes=move.changes)
